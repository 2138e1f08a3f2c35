"use strict";
const $ = (id) => document.getElementById(id);
const form = $("shorten"), rows = $("rows"), more = $("more");
let next = "";

function say(text, failed) {
  $("status").textContent = text;
  $("status").classList.toggle("failed", Boolean(failed));
}

function mark(field, text) {
  $(field + "-error").textContent = text;
  $(field + "-error").hidden = !text;
  if (text) $(field).setAttribute("aria-invalid", "true");
  else $(field).removeAttribute("aria-invalid");
}

// ask returns the body, or throws the server's problem details.
async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw { detail: "The service can't be reached." };
  }
  const body = answer.status === 204 ? null : await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign({ title: "Error " + answer.status }, body);
  return body;
}

const reason = (problem) => problem.detail || problem.title || "Something went wrong.";

function element(tag, className, text) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  if (text !== undefined) e.textContent = text;
  return e;
}

function button(text, label, action) {
  const b = element("button", "quiet", text);
  b.type = "button";
  b.setAttribute("aria-label", label);
  b.addEventListener("click", () => action(b));
  return b;
}

function row(link) {
  const tr = element("tr");
  tr.dataset.slug = link.slug;
  const slug = element("td", "slug"), a = element("a", "", "/" + link.slug);
  a.href = "/" + link.slug;
  a.rel = "noopener";
  slug.append(a);
  const target = element("td", "target", link.url);
  target.title = link.url;
  const created = element("td", "created"), time = element("time", "", new Date(link.created_at).toLocaleDateString());
  time.dateTime = link.created_at;
  created.append(time);
  const actions = element("td", "actions");
  actions.append(
    button("Copy", "Copy short link " + link.slug, () => copy(link.slug)),
    button("Delete", "Delete " + link.slug, (b) => confirmed(b, () => remove(link.slug, tr))),
  );
  tr.append(slug, target, element("td", "number clicks", link.clicks.toLocaleString()), created, actions);
  return tr;
}

async function load(reset) {
  try {
    const page = await ask("/api/links?limit=20" + (reset || !next ? "" : "&cursor=" + encodeURIComponent(next)));
    if (reset) rows.replaceChildren();
    rows.append(...page.links.map(row));
    next = page.next || "";
    more.hidden = !next;
    $("empty").hidden = rows.children.length > 0;
  } catch (problem) {
    say("The list can't be shown: " + reason(problem), true);
  }
}

async function copy(slug) {
  const short = location.origin + "/" + slug;
  try {
    await navigator.clipboard.writeText(short);
    say("Copied " + short);
  } catch {
    say(short);
  }
}

// confirmed asks for a second press, and forgets the first after a while.
function confirmed(b, action) {
  if (b.dataset.armed) return action();
  const label = b.getAttribute("aria-label");
  b.dataset.armed = "yes";
  b.textContent = "Really?";
  b.setAttribute("aria-label", "Really " + label.toLowerCase() + "?");
  b.classList.add("danger");
  setTimeout(() => {
    delete b.dataset.armed;
    b.textContent = "Delete";
    b.setAttribute("aria-label", label);
    b.classList.remove("danger");
  }, 4000);
}

async function remove(slug, tr) {
  try {
    await ask("/api/links/" + encodeURIComponent(slug), { method: "DELETE" });
    tr.remove();
    $("empty").hidden = rows.children.length > 0;
    $("refresh").focus(); // the focused button is gone with its row
    say("Deleted /" + slug);
  } catch (problem) {
    say("Not deleted: " + reason(problem), true);
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  mark("url", "");
  mark("slug", "");
  say("");
  let url = form.elements.url.value.trim();
  try {
    url = new URL(url).href; // turns international names into the ASCII form that the API wants
  } catch { /* the server says what is wrong */ }
  const body = { url };
  if (form.elements.slug.value.trim()) body.slug = form.elements.slug.value.trim();
  const submit = form.querySelector("button");
  submit.disabled = true;
  try {
    const link = await ask("/api/links", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    rows.prepend(row(link));
    $("empty").hidden = true;
    form.reset();
    say("Ready: " + location.origin + "/" + link.slug);
    form.elements.url.focus();
  } catch (problem) {
    if (problem.field === "url" || problem.field === "slug") {
      mark(problem.field, reason(problem));
      $(problem.field).focus();
    } else {
      say(reason(problem), true);
    }
  } finally {
    submit.disabled = false;
  }
});

$("refresh").addEventListener("click", async () => {
  await load(true);
  say("List refreshed.");
});
more.addEventListener("click", () => load(false));
load(true);
