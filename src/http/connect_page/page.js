// The page inside Jira. It asks Jira's script for tokens, exchanges one for a session that is kept here and nowhere else, and shows
// what the person has. Whatever comes from a server becomes text in the document, never markup: a name of a key may say anything.
"use strict";

(() => {
  const API = new URL("../v1/", document.baseURI);
  const NONCE = document.querySelector('meta[name="gatepost-page"]').content;
  /** Jira's tokens are dated to the second: the next second has another one. */
  const NEXT_TOKEN_MS = 1100;
  const TOKEN_WAIT_MS = 10_000;
  const OVERLAPS = [["86400", "1 day"], ["3600", "1 hour"], ["604800", "7 days"], ["0", "no time"]];

  const byId = (id) => document.getElementById(id);
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  // ---- Elements. Children are nodes or texts.

  const make = (tag, properties = {}, ...children) => {
    const { role, describedBy, data = {}, ...own } = properties;
    const element = Object.assign(document.createElement(tag), own);
    for (const [name, value] of Object.entries({ role, "aria-describedby": describedBy })) {
      if (value) {
        element.setAttribute(name, value);
      }
    }
    Object.assign(element.dataset, data);
    element.append(...children);
    return element;
  };
  const button = (text, onclick, className = "") => make("button", { type: "button", className, onclick }, text);
  const code = (text) => make("code", {}, text);
  const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const moment = (text, none = "never") => (text ? make("time", { dateTime: text }, DATE.format(new Date(text))) : none);

  const ALERT = byId("alert");
  const STATUS = byId("status");

  /** Tells something where the person is looking: the frame is as high as the page, so there is no top that one always sees. */
  const tell = (region, near, ...content) => {
    ALERT.replaceChildren();
    STATUS.replaceChildren();
    if (region.parentNode !== near) {
      near.append(region);
    }
    region.replaceChildren(...content);
  };
  const HEAD = document.querySelector("header");
  const say = (text, near = HEAD) => tell(STATUS, near, text);

  /** What went wrong, with the id by which an operator finds out why. */
  const complain = (error, near = HEAD) => tell(ALERT, near, error.message, ...(error.decision ? [" Decision ", code(error.decision)] : []));

  // ---- The gateway.

  class Refused extends Error {
    constructor(status, { detail, decision_id: decision } = {}) {
      const told = status === 401 ? "The gateway does not accept Jira’s token. Open this page again from Jira." : detail;
      super(told || `The gateway answered ${status}.`);
      Object.assign(this, { status, decision });
    }
  }

  const send = async (method, path, authorization, body) => {
    try {
      return await fetch(new URL(path, API), {
        method,
        headers: { Authorization: authorization, "X-Gatepost-Page": NONCE, ...(body && { "Content-Type": "application/json" }) },
        body: body && JSON.stringify(body),
        cache: "no-store",
        // Otherwise a browser answers a 401 by asking for a password.
        credentials: "omit",
      });
    } catch {
      throw new Error("The gateway cannot be reached. Try again.");
    }
  };

  const read = async (answer) => {
    const told = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
    if (!answer.ok) {
      throw new Refused(answer.status, told);
    }
    return told;
  };

  /** A token of Jira's for the person who looks at this page. */
  const jiraToken = () =>
    new Promise((resolve, reject) => {
      if (globalThis.parent === globalThis || !globalThis.AP?.context) {
        reject(new Error("This page needs Jira around it. Open it from within Jira."));
        return;
      }
      setTimeout(() => reject(new Error("Jira gave no token. Open this page again from Jira.")), TOKEN_WAIT_MS);
      globalThis.AP.context.getToken(resolve)?.then(resolve, reject);
    });

  /** Sends a request that a token of Jira is spent on. One that was spent within this second is asked for anew. */
  const exchange = async (path, body) => {
    const first = await send("POST", path, `JWT ${await jiraToken()}`, body);
    if (first.status !== 401) {
      return read(first);
    }
    await pause(NEXT_TOKEN_MS);
    return read(await send("POST", path, `JWT ${await jiraToken()}`, body));
  };

  let session;
  let opening;
  const open = async () => {
    opening ??= exchange("sessions").finally(() => (opening = undefined));
    session = await opening;
  };

  /** Sends a request of the session; a session that has ended meanwhile is renewed once. */
  const call = async (method, path) => {
    if (!session) {
      await open();
    }
    const used = session.token;
    const answer = await send(method, path, `Bearer ${used}`);
    if (answer.status !== 401) {
      return read(answer);
    }
    if (session?.token === used) {
      session = undefined;
    }
    if (!session) {
      await open();
    }
    return read(await send(method, path, `Bearer ${session.token}`));
  };

  // What the page asks the gateway for, all of it.
  const gateway = {
    keys: () => call("GET", "keys"),
    sessions: () => call("GET", "sessions"),
    grants: () => call("GET", "grants"),
    site: () => call("GET", "site"),
    myself: () => call("GET", "../rest/api/3/myself"),
    makeKey: (wish) => exchange("keys", wish),
    giveGrant: (wish) => exchange("grants", wish),
    giveSiteGrant: (wish) => exchange("site/grants", wish),
    end: (path) => call("DELETE", path),
  };

  /** Does something that a button stands for: once at a time, and with its faults told. */
  const busy = async (control, work) => {
    if (control.ariaDisabled === "true") {
      return;
    }
    control.ariaDisabled = "true";
    try {
      await work();
    } catch (error) {
      complain(error, control.closest("form, .confirm, .made, section") ?? HEAD);
    } finally {
      control.ariaDisabled = null;
    }
  };

  // ---- Tables that become lists where there is no room. The roles stay, whatever the style makes of the elements.

  const table = (label, columns, rows, none) => {
    if (rows.length === 0) {
      return make("p", { className: "empty" }, none);
    }
    const heads = columns.map(({ title, hidden }) =>
      make("th", { role: "columnheader", scope: "col" }, hidden ? make("span", { className: "unseen" }, title) : title),
    );
    const cell = (row, { title, show, hidden }, at) => {
      const content = [show(row)].flat();
      if (at === 0) {
        return make("th", { role: "rowheader", scope: "row", data: { label: title } }, make("span", {}, ...content));
      }
      return hidden
        ? make("td", { role: "cell", className: "actions" }, ...content)
        : make("td", { role: "cell", data: { label: title } }, make("span", {}, ...content));
    };
    const lines = rows.map((row) => make("tr", { role: "row" }, ...columns.map((column, at) => cell(row, column, at))));
    return make(
      "table",
      { role: "table", ariaLabel: label },
      make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...heads)),
      make("tbody", { role: "rowgroup" }, ...lines),
    );
  };

  /**
   * Buttons of a row. Each asks again in its place, as the frame may open no dialogue: `{text, question, sure, more, act}`; `act`
   * gets what `more` holds. Escape takes the question back.
   */
  const actions = (of, choices) => {
    const row = make("div", { className: "row" });
    const ask = ({ text, question, sure, more = [], act }, opener) => {
      const back = () => {
        row.replaceChildren(...buttons);
        opener.focus();
      };
      const yes = button(sure, () => busy(yes, act), "danger");
      const box = make("div", { className: "confirm", role: "group", ariaLabel: `${text} ${of}` }, make("p", {}, question));
      box.append(...more, make("div", { className: "row" }, yes, button("Cancel", back)));
      box.onkeydown = (event) => {
        if (event.key === "Escape") {
          back();
        }
      };
      row.replaceChildren(box);
      yes.focus();
    };
    const buttons = choices.map((choice) => {
      const opener = button(choice.text, () => ask(choice, opener));
      opener.ariaLabel = `${choice.text} ${of}`;
      return opener;
    });
    row.append(...buttons);
    return row;
  };

  /** Shows what there is by now, and goes on at the heading of the list that changed. */
  const goOn = async (told, heading) => {
    await show();
    byId(heading).focus();
    say(told, byId(heading).parentNode.querySelector(".said"));
  };

  const end = (path, told, heading) => async () => {
    await gateway.end(path);
    await goOn(told, heading);
  };

  // ---- Keys.

  const list = (items, none = "all") => (items?.length ? items.join(", ") : none);

  /** What lets a key act as another. */
  const basis = (grants) => (grants?.length ? ` under ${grants.join(", ")}` : grants ? " (no grant lets it any more)" : "");

  const limits = ({ actions: names, networks, sites, act_as: actAs, act_as_grants: grants, rate_per_minute: rate }) => {
    const told = [];
    if (names?.length) told.push(`actions ${names.join(", ")}`);
    if (networks?.length) told.push(`from ${networks.join(", ")}`);
    if (sites?.length) told.push(`on ${sites.join(", ")}`);
    if (actAs) told.push(`as ${actAs}${basis(grants)}`);
    if (rate) told.push(`${rate} a minute`);
    return told.join("; ") || "none";
  };

  const state = ({ state: name }) => make("span", { className: `tag ${name === "active" ? "active" : ""}` }, name);

  const rotate = (key) => {
    const overlap = make("select", { ariaLabel: "How long both work" }, ...OVERLAPS.map(([value, text]) => make("option", { value }, text)));
    return {
      text: "Rotate",
      question: `A new key with the same limits takes the place of “${key.name}”. Both work for`,
      more: [overlap],
      sure: "Rotate key",
      act: async () => {
        const made = await gateway.makeKey({ replaces: key.id, overlap_s: Number(overlap.value) });
        await show();
        reveal(made);
      },
    };
  };

  const revoke = (key, path, heading) => ({
    text: "Revoke",
    question: `Programs that use “${key.name}” are refused at once.`,
    sure: "Revoke key",
    act: end(`${path}/${key.id}`, `Revoked: ${key.name}.`, heading),
  });

  const keyColumns = [
    { title: "Name", show: ({ name }) => name },
    { title: "State", show: state },
    { title: "Limits", show: limits },
    { title: "Made", show: (key) => moment(key.made_at) },
    { title: "Expires", show: (key) => moment(key.expires_at) },
    { title: "Last used", show: (key) => moment(key.last_used_at) },
  ];

  const keyActions = (choices) => ({
    title: "Actions",
    hidden: true,
    show: (key) => (key.state === "active" ? actions(key.name, choices(key)) : ""),
  });

  /** Shows the text of a key the one time that there is. It leaves the document with the panel. */
  const reveal = (made) => {
    const field = make("input", { id: "made-key", className: "secret", readOnly: true, value: made.key, spellcheck: false });
    const copy = button("Copy", () => busy(copy, () => copyFrom(field)), "main");
    const done = button("Done", () => {
      field.value = "";
      byId("made").replaceChildren();
      say("");
      byId("keys-title").focus();
    });
    const title = make("h3", { tabIndex: -1 }, `Key “${made.name}”`);
    byId("made").replaceChildren(
      make(
        "div",
        { className: "made", role: "group", ariaLabel: "The new key" },
        title,
        make("label", { htmlFor: "made-key" }, "Copy it now: it is shown this once."),
        field,
        make("div", { className: "row" }, copy, done),
      ),
    );
    field.focus();
    field.select();
    say(`Made: ${made.name}.`, byId("made").firstChild);
  };

  /** Jira's frames have no permission for the clipboard; a selection can be copied all the same. */
  const copyFrom = async (field) => {
    field.focus();
    field.select();
    const copied = document.execCommand("copy") || (await navigator.clipboard?.writeText(field.value).then(() => true, () => false));
    field.focus();
    field.select();
    say(copied ? "Copied." : "Selected. Press Ctrl+C, or Command+C, to copy.", field.parentNode);
  };

  /** One address is a network, too. */
  const network = (text) => (text.includes("/") ? text : `${text}/${text.includes(":") ? 128 : 32}`);
  const words = (text) => text.split(/[\s,]+/).filter(Boolean);

  const create = async (form) => {
    const given = Object.fromEntries(new FormData(form));
    const made = await gateway.makeKey({
      name: given.name,
      expires_in_days: Number(given.days),
      actions: words(given.actions),
      networks: words(given.networks).map(network),
      ...(given.act_as.trim() && { act_as: given.act_as.trim() }),
      ...(given.rate && { rate_per_minute: Number(given.rate) }),
    });
    form.reset();
    await show();
    reveal(made);
  };

  // ---- Grants.

  const OWN = byId("own").textContent;
  const SPANS = [["3600", "1 hour"], ["86400", "1 day"], ["604800", "7 days"], ["2592000", "30 days"], ["7776000", "90 days"]];
  const WEEK = "604800";

  const giver = ({ given_by: by }) => (by === `account:${OWN}` ? "you" : code(by.replace("account:", "")));
  const holder = { title: "Account", show: (grant) => code(grant.account) };
  const actsAs = { title: "May act as", show: (grant) => code(grant.act_as) };
  const grantColumns = [
    { title: "For actions", show: (grant) => list(grant.actions) },
    { title: "Until", show: (grant) => moment(grant.until, "no end") },
    { title: "Reason", show: (grant) => grant.reason },
    { title: "Given by", show: giver },
  ];

  /** The button that ends a grant, and what it says. */
  const grantActions = (path, heading, tell, { text = "Revoke", sure = "Revoke grant", of } = {}) => ({
    title: "Actions",
    hidden: true,
    show: (grant) =>
      actions(of?.(grant) ?? `grant of ${grant.account} to act as ${grant.act_as}`, [
        { text, question: tell(grant), sure, act: end(`${path}/${grant.id}`, "The grant has ended.", heading) },
      ]),
  });

  const field = (title, control, ...hint) =>
    make(
      "div",
      { className: "field" },
      make("label", { htmlFor: control.id }, title),
      control,
      ...(hint.length ? [make("p", { id: `${control.id}-hint`, className: "hint" }, ...hint)] : []),
    );

  /** A form that gives a grant. `people` are the fields that say who, and as whom. */
  const grantForm = (id, people, give, told, heading) => {
    const input = (name, more) =>
      make("input", { id: `${id}-${name}`, name, required: true, spellcheck: false, autocapitalize: "none", ...more });
    const spans = SPANS.map(([value, text]) => make("option", { value, defaultSelected: value === WEEK }, text));
    const submit = make("button", { type: "submit", className: "main" }, "Give grant");
    const form = make(
      "form",
      { id, autocomplete: "off" },
      make(
        "div",
        { className: "fields" },
        ...people.map(([name, title]) =>
          field(title, input(name, { maxLength: 128, describedBy: `${id}-${name}-hint` }), "The id of the account, as its own page shows it."),
        ),
        field("For actions", input("actions", { defaultValue: "read", describedBy: `${id}-actions-hint` }), "Such as ", code("read"), " or ", code("getIssue"), "."),
        field("Ends after", make("select", { id: `${id}-for`, name: "for_s" }, ...spans)),
        field("Reason", input("reason", { maxLength: 200, spellcheck: true, autocapitalize: "sentences" })),
      ),
      submit,
    );
    form.onsubmit = (event) => {
      event.preventDefault();
      void busy(submit, async () => {
        const given = Object.fromEntries(new FormData(form));
        const whom = people.map(([name]) => [name, given[name].trim()]);
        const made = await give({ ...Object.fromEntries(whom), actions: words(given.actions), for_s: Number(given.for_s), reason: given.reason });
        form.reset();
        await goOn(told(made), heading);
      });
    };
    return form;
  };

  const showGrants = ({ given, held }) => {
    const revoking = grantActions("grants", "given-title", (grant) => `${grant.account} may no longer act as you.`);
    byId("given").replaceChildren(table("Who may act as you", [holder, ...grantColumns, revoking], given, "Nobody may act as you."));
    const givingUp = grantActions("grants", "held-title", (grant) => `You may no longer act as ${grant.act_as}.`, {
      text: "Give up",
      sure: "Give it up",
      of: (grant) => `acting as ${grant.act_as}`,
    });
    const whom = { ...actsAs, title: "Account" };
    byId("held").replaceChildren(table("You may act as", [whom, ...grantColumns, givingUp], held, "You may act as nobody else."));
  };

  // ---- Sessions.

  const BROWSERS = [["Edg/", "Edge"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]];
  const browser = (agent) => BROWSERS.find(([mark]) => agent?.includes(mark))?.[1] ?? agent ?? "unknown";

  const sessionColumns = [
    { title: "With", show: (one) => [browser(one.user_agent), ...(one.current ? [" ", make("span", { className: "tag active" }, "this one")] : [])] },
    { title: "Opened", show: (one) => moment(one.made_at) },
    { title: "Last used", show: (one) => moment(one.last_used_at) },
    { title: "Ends", show: (one) => moment(one.ends_at) },
  ];

  const sessionActions = (path, heading) => ({
    title: "Actions",
    hidden: true,
    show: (one) =>
      actions(`session with ${browser(one.user_agent)} of ${one.account}`, [
        {
          text: "End",
          question: one.current ? "This page stops until you start it again." : "Whoever uses it is refused at once.",
          sure: "End session",
          act: one.current ? leave : end(`${path}/${one.id}`, "The session has ended.", heading),
        },
      ]),
  });

  /** Ends the session of this page, which then does nothing until the person says so. */
  const leave = async () => {
    await gateway.end("sessions/current");
    session = undefined;
    byId("made").replaceChildren();
    byId("content").hidden = true;
    byId("leave").hidden = true;
    closeAdmin();
    const again = button("Start again", () => busy(again, start), "main");
    tell(STATUS, HEAD, make("p", {}, "This session has ended."), again);
    again.focus();
  };

  // ---- What the site's administrators see. Asked for by hand: each time Jira is asked, and a refusal is on record.

  const account = { title: "Account", show: (one) => code(one.account) };
  let adminIsOpen = false;
  const closed = [...byId("admin-content").childNodes];

  const closeAdmin = () => {
    adminIsOpen = false;
    byId("admin-content").replaceChildren(...closed);
  };

  const blockActions = {
    title: "Actions",
    hidden: true,
    show: (block) =>
      block.can_end
        ? actions(`block of ${block.account}`, [
            {
              text: "Lift",
              question: `${block.account} may come in again.`,
              sure: "Lift block",
              act: end(`site/blocks/${block.id}`, "The block is lifted.", "admin-title"),
            },
          ])
        : "",
  };

  const whom = (block) => (block.account || block.key ? code(block.account ?? block.key) : "the whole site");
  const place = ({ resource, site_asked: site }) => resource?.id ?? site ?? "";

  const adminTables = (site) => [
    ["Client keys", [keyColumns[0], account, ...keyColumns.slice(1), keyActions((key) => [revoke(key, "site/keys", "admin-title")])], site.keys, "No keys."],
    ["Sessions", [account, ...sessionColumns, sessionActions("site/sessions", "admin-title")], site.sessions, "No sessions."],
    [
      "Grants",
      [
        holder,
        actsAs,
        ...grantColumns,
        grantActions("site/grants", "admin-title", (grant) => `${grant.account} may no longer act as ${grant.act_as}.`),
      ],
      site.grants,
      "Nobody may act as another.",
    ],
    [
      "Blocks",
      [
        { title: "Whom", show: whom },
        { title: "Until", show: (one) => moment(one.until, "no end") },
        { title: "Reason", show: (one) => one.reason ?? "" },
        { title: "By", show: (one) => code(one.made_by) },
        blockActions,
      ],
      site.blocks,
      "Nobody is blocked.",
    ],
    [
      "Recent denials",
      [
        { title: "When", show: (one) => moment(one.time) },
        account,
        { title: "Action", show: (one) => one.action ?? "" },
        { title: "What", show: place },
        { title: "Why", show: (one) => one.reason ?? one.code ?? "" },
        { title: "Decision", show: (one) => code(one.decision_id) },
      ],
      site.denials,
      "Nothing was denied.",
    ],
  ];

  const siteGrantForm = () =>
    grantForm(
      "site-give-form",
      [["account", "Account"], ["act_as", "May act as"]],
      gateway.giveSiteGrant,
      (grant) => `${grant.account} may act as ${grant.act_as}.`,
      "admin-title",
    );

  const showAdmin = async () => {
    const site = await gateway.site();
    adminIsOpen = true;
    const parts = adminTables(site).flatMap(([title, columns, rows = [], none]) => [
      make("h3", {}, title),
      table(`${title} of this site`, columns, rows, none),
      ...(title === "Grants" ? [make("details", {}, make("summary", {}, "Let an account act as another"), siteGrantForm())] : []),
    ]);
    byId("admin-content").replaceChildren(...parts);
  };

  const openAdmin = async () => {
    try {
      await showAdmin();
    } catch (error) {
      if (error.status !== 403) {
        throw error;
      }
      byId("admin").hidden = true;
      complain(error, byId("sessions").parentNode);
      byId("sessions-title").focus();
      return;
    }
    byId("admin-title").focus();
  };

  // ---- The page.

  const show = async () => {
    const [{ keys }, { sessions }, grants] = await Promise.all([gateway.keys(), gateway.sessions(), gateway.grants()]);
    const own = keyActions((key) => [rotate(key), revoke(key, "keys", "keys-title")]);
    byId("keys").replaceChildren(table("Your client keys", [...keyColumns, own], keys, "You have no keys."));
    showGrants(grants);
    const ending = sessionActions("sessions", "sessions-title");
    byId("sessions").replaceChildren(table("Your sessions", [...sessionColumns, ending], sessions, "You have no sessions."));
    if (adminIsOpen) {
      await showAdmin();
    }
  };

  const start = async () => {
    say("Asking Jira who you are …");
    await show();
    say("");
    byId("content").hidden = false;
    byId("leave").hidden = false;
    greet().catch(() => {});
  };

  /** A name is kinder than an id. It is asked of Jira as any issue is; where that is refused, the id stands alone. */
  const greet = async () => {
    const { displayName } = await gateway.myself();
    byId("person").textContent = displayName;
  };

  /** Jira's frame is as high as it is told. */
  const follow = () => {
    if (globalThis.parent === globalThis) {
      return;
    }
    let told = 0;
    new ResizeObserver(() => {
      const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
      if (height !== told) {
        told = height;
        globalThis.AP?.resize?.("100%", `${height}px`);
      }
    }).observe(document.body);
  };

  byId("base-url").textContent = new URL(`../sites/${byId("site").textContent}`, document.baseURI).href;
  byId("create").onsubmit = (event) => {
    event.preventDefault();
    const submit = event.target.querySelector("[type=submit]");
    void busy(submit, () => create(event.target));
  };
  const giving = grantForm("give-form", [["account", "Account"]], gateway.giveGrant, (grant) => `${grant.account} may act as you.`, "given-title");
  byId("give").append(giving);
  byId("leave").onclick = (event) => void busy(event.currentTarget, leave);
  byId("admin-open").onclick = (event) => void busy(event.currentTarget, openAdmin);
  follow();
  start().catch((error) => complain(error));
})();
