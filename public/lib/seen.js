// What is far below is not drawn, nor asked for, until somebody comes near.

const AHEAD = "400px 0px";

/** Calls `run` once the node comes near the view; at once where it is. Returns a function that forgets it. */
export function whenNear(node, run) {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some(({isIntersecting}) => isIntersecting)) return;
    observer.disconnect();
    run();
  }, {rootMargin: AHEAD});
  observer.observe(node);
  return () => observer.disconnect();
}
