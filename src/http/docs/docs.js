// Starts the viewer. Light or dark is the reader's choice; the viewer knows a class for it, not the media query.
const dark = matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", dress);
dress();

SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#viewer",
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  // A link must not be able to make this page show the description of another server and send credentials there.
  queryConfigEnabled: false,
  // The default asks a public server to judge the description.
  validatorUrl: null,
  // A credential is forgotten with the page.
  persistAuthorization: false,
});
