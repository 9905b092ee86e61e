// Starts the viewer. Light or dark is the reader's choice; the viewer knows a class for it, not the media query.
const dark = matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", dress);
dress();

SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#viewer",
  // On, each operation would be a link inside a button, and twice in the keyboard's way.
  deepLinking: false,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  // A link must not be able to make this page show the description of another server and send credentials there.
  queryConfigEnabled: false,
  // The default asks a public server to judge the description.
  validatorUrl: null,
  // A credential is forgotten with the page.
  persistAuthorization: false,
});

// What the viewer leaves without a name for those who do not see it, or out of the keyboard's reach.
const NAMES = {
  "#servers": "Server",
  ".close-modal": "Close",
  ".copy-to-clipboard > button": "Copy",
  ".auth-btn-wrapper .authorize": "Authorize",
};
const mend = () => {
  for (const [selector, name] of Object.entries(NAMES)) {
    for (const part of document.querySelectorAll(selector)) {
      if (part.ariaLabel !== name) part.ariaLabel = name;
    }
  }
  for (const part of document.querySelectorAll(".curl, .microlight")) part.tabIndex = 0;
  // Its headings leave the second level out.
  for (const part of document.querySelectorAll("h3, h4, h5")) part.ariaLevel = part.tagName[1] - 1;
};
new MutationObserver(mend).observe(document.getElementById("viewer"), { childList: true, subtree: true });
