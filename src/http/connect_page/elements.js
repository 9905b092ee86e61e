// Elements of the document. Children are nodes or texts: whatever comes from a server becomes text, never markup, and a name of a key
// may say anything.

export const byId = (id) => document.getElementById(id);

export const make = (tag, properties = {}, ...children) => {
  const { role, data = {}, ...own } = properties;
  const element = Object.assign(document.createElement(tag), own);
  if (role) {
    element.setAttribute("role", role);
  }
  Object.assign(element.dataset, data);
  element.append(...children);
  return element;
};

export const button = (text, onclick, className = "") => make("button", { type: "button", className, onclick }, text);

export const code = (text) => make("code", {}, text);

const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export const moment = (text, none = "never") => (text ? make("time", { dateTime: text }, DATE.format(new Date(text))) : none);
