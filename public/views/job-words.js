// A job in words, the same in the list and beside the curves.

import {duration, percent} from "../lib/format.js";

export const isTerminal = ({state}) => ["succeeded", "failed", "cancelled"].includes(state);

/** A name for people: its own, or else its method. */
export const jobName = ({name, method, id}) => name || `${method} ${id.slice(-6)}`;

/** The state as people would say it. */
export function stateWord(job) {
  if (job.state === "running" && job.cancel_requested_at) return "cancelling";
  if (job.state === "running" && job.pause_requested_at) return "pausing";
  if (job.state === "running" && job.stalled) return "stalled";
  if (job.state === "queued" && job.held) return "paused";
  return job.state;
}

/** Epoch, share and time left, such as "epoch 3 of 22 · 14 % · 8 min left"; empty before the first step. */
export function progressWords(job) {
  const {progress} = job;
  if (!progress) {
    return job.state === "queued" && !job.held && job.queue_position > 0 ? `${job.queue_position} before it` : "";
  }
  const words = [`epoch ${progress.epoch} of ${progress.epochs}`];
  if (!isTerminal(job)) words.push(percent(progress.fraction));
  if (job.state === "running" && progress.eta_seconds != null) words.push(`${duration(progress.eta_seconds)} left`);
  return words.join(" · ");
}

/** From 0 to 1. */
export const fraction = (job) => job.state === "succeeded" ? 1 : job.progress?.fraction ?? 0;
