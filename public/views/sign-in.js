import {field, h} from "../lib/dom.js";
import {problemView} from "./problem.js";

/**
 * The form for the server's token, shown when an answer was "unauthorized". The browser keeps a session cookie that
 * scripts cannot read; the token itself is forgotten with the form.
 * Returns `ask(signIn, refusal)`: a promise that holds when the server took the token, and fails with the refusal
 * when the form is closed. However many calls ask, there is one form.
 */
export function createSignIn() {
  const token = h("input", {type: "password", required: true, autocomplete: "current-password", spellcheck: "false",
    name: "token"});
  const result = h("div", {class: "form-result", "aria-live": "polite"});
  const send = h("button", {class: "button primary"}, "Sign in");
  let signIn = null;
  let pending = null;
  let settle = null;

  async function submit(event) {
    event.preventDefault();
    send.disabled = true;
    try {
      await signIn(token.value);
      settle.resolve();
      dialog.close();
    } catch (error) {
      result.replaceChildren(problemView(error));
      token.select();
    }
    send.disabled = false;
  }

  const dialog = h("dialog", {class: "dialog small-dialog", id: "sign-in", "aria-labelledby": "sign-in-title",
    on: {close: () => {
      token.value = "";
      pending = null;
      settle.refuse();
    }}},
    h("h2", {id: "sign-in-title"}, "Sign in"),
    h("p", {class: "muted"}, "This server asks for its token. Whoever started it has it, in the file given with ",
      h("code", {}, "--token-file"), "."),
    h("form", {class: "form", on: {submit}},
      // Password managers keep a secret under a name.
      h("input", {type: "text", name: "username", autocomplete: "username", value: "vitscope", hidden: true}),
      field("Token", token), h("div", {class: "form-end"}, send), result));
  document.body.append(dialog);

  return function ask(post, refusal) {
    pending ??= new Promise((resolve, reject) => {
      signIn = post;
      settle = {resolve, refuse: () => reject(refusal)};
      result.replaceChildren();
      dialog.showModal();
    });
    return pending;
  };
}
