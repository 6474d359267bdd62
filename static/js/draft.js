/* What is typed in a long form stays in the browser until the server has it.
 *
 *   <form data-draft="person-edit-12">   keeps its fields under this key, for this user of this browser, for a day
 *   data-no-draft                        on a field: never kept; neither are files, passwords and tokens
 *   data-clear-drafts                    on a form: sending it (signing out) forgets what the user typed
 *   data-drafts="person-add-"            on an element: lists forms of such keys that were left half-typed
 *
 * A draft goes when its form's token (batosocial.web.once) is known to have arrived; for a form without one, when the
 * page that follows no longer shows the form. Hidden fields are kept too: a version belongs to what was typed on it.
 * Before a draft is put back, its form gets a "draft:restore" event, whose detail is [[name, value], …], so that a
 * form with rows of its own making can make them.
 */
(() => {
  "use strict";
  const DAY = 24 * 3600 * 1000;
  const PREFIX = "nhap-do:";
  const SECRET = ["csrfmiddlewaretoken", "token"];
  const user = document.body.dataset.user;
  if (!user) return;

  /* The store: absent or full, the forms still work. */
  const store = (work) => { try { return work(window.localStorage); } catch { return undefined; } };
  const name = (key) => `${PREFIX}${user}:${key}`;
  const read = (key) => store((box) => JSON.parse(box.getItem(name(key))));
  const write = (key, draft) => store((box) => box.setItem(name(key), JSON.stringify(draft)));
  const forget = (key) => store((box) => box.removeItem(name(key)));
  const stored = () => store((box) => Object.keys(box).filter((key) => key.startsWith(PREFIX))) || [];
  const mine = () => stored().filter((key) => key.startsWith(name(""))).map((key) => key.slice(name("").length));

  stored().forEach((key) => store((box) => {
    const draft = JSON.parse(box.getItem(key));
    if (!draft || !(Date.now() - draft.at < DAY)) box.removeItem(key);
  }));

  /* A form's fields as [[name, value], …] */
  const kept = (control) => control.name && !SECRET.includes(control.name) && !control.hasAttribute("data-no-draft")
    && !["file", "password", "submit", "button", "image", "reset"].includes(control.type);
  const values = (form) => {
    const names = new Set([...form.elements].filter(kept).map((control) => control.name));
    return [...new FormData(form)].filter(([field, value]) => names.has(field) && typeof value === "string");
  };
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  const token = (form) => form.querySelector("input[name=token]")?.value || "";

  /** Fills the form; returns the values for which it has no field. */
  const fill = (form, entries) => {
    form.dispatchEvent(new CustomEvent("draft:restore", { bubbles: true, detail: entries }));
    const left = entries.slice();
    const take = (field, value) => {
      const at = left.findIndex(([one, other]) => one === field && (value === undefined || other === value));
      return at < 0 ? undefined : left.splice(at, 1)[0][1];
    };
    [...form.elements].filter(kept).forEach((control) => {
      if (control.type === "checkbox" || control.type === "radio") {
        const checked = take(control.name, control.value) !== undefined;
        if (control.checked === checked) return;
        control.checked = checked;
      } else if (control.tagName === "SELECT") {
        const before = control.value;
        [...control.options].forEach((option) => { option.selected = take(control.name, option.value) !== undefined; });
        if (control.value === before) return;
      } else {
        const value = take(control.name);
        if (value === undefined || control.value === value) return;
        control.value = value;
      }
      if (control.type !== "hidden") control.dispatchEvent(new Event("change", { bubbles: true }));
    });
    return left.filter(([, value]) => value.trim());
  };

  /* Notices */
  const clock = (at) => {
    const moment = new Date(at);
    const time = moment.toLocaleTimeString("vi-VN", { hour: "2-digit", minute: "2-digit", hour12: false });
    if (moment.toDateString() === new Date().toDateString()) return time;
    return `${time} ngày ${moment.toLocaleDateString("vi-VN", { day: "2-digit", month: "2-digit", year: "numeric" })}`;
  };
  const element = (tag, properties, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  const notice = (...children) => element("div", { className: "notice notice-info draft-notice" }, ...children);
  const say = (text) => document.dispatchEvent(new CustomEvent("portal:tell", { detail: text }));

  const restored = (form, key, at, left) => {
    const words = element("div", {}, element("p", {
      textContent: `Đã khôi phục những gì anh/chị nhập dở lúc ${clock(at)}.`,
    }));
    if (left.length) {
      const lost = left.map(([, value]) => `“${value}”`).join(", ");
      words.append(element("p", { textContent: `Chưa đặt lại được vào ô nào: ${lost}.` }));
    }
    const again = element("button", { type: "button", className: "btn btn-sm", textContent: "Bỏ, nhập lại" });
    again.addEventListener("click", () => {
      form.dataset.draftDropped = "yes";
      forget(key);
      location.replace(location.href);
    });
    const box = notice(words, again);
    box.setAttribute("role", "status");
    form.prepend(box);
  };

  /** Where the form that carried this token led to, "" where it never arrived; null where nobody answers. */
  const arrived = async (sent) => {
    if (!sent) return null;
    try {
      const answer = await fetch(`/da-gui/${sent}/`, { headers: { Accept: "application/json" }, redirect: "error" });
      return answer.ok ? (await answer.json()).url : null;
    } catch { return null; }
  };

  const watch = (form) => {
    const key = form.dataset.draft;
    let before = values(form);
    let timer;
    const save = (sent) => {
      clearTimeout(timer);
      if (form.dataset.draftDropped) return;
      const now = values(form);
      if (!sent && same(now, before)) return;
      before = now;
      const path = location.pathname + location.search;
      const heading = document.querySelector("h1")?.textContent.trim() || "Biểu mẫu";
      const person = form.querySelector("input[name=name]")?.value.trim();
      const title = person ? `${heading}: ${person}` : heading;
      write(key, { at: Date.now(), values: now, path, title, ...(sent && { sent: Date.now(), token: token(form) }) });
    };
    const soon = () => { clearTimeout(timer); timer = setTimeout(() => save(false), 300); };
    form.addEventListener("input", soon);
    form.addEventListener("change", soon);
    window.addEventListener("pagehide", () => save(false));
    form.addEventListener("submit", (event) => { if (!event.defaultPrevented) save(true); });
  };

  const open = async (form) => {
    const key = form.dataset.draft;
    let draft = read(key);
    if (draft && document.body.dataset.method === "POST") {
      // The answer to a form that was sent: it holds what was typed, as the server read it.
      write(key, { ...draft, values: values(form), sent: null });
      draft = null;
    }
    if (draft && draft.sent) {
      const url = await arrived(draft.token);
      if (url) {
        forget(key);
        form.prepend(notice(element("p", {},
          `Những gì anh/chị gửi lúc ${clock(draft.sent)} đã được lưu. `,
          element("a", { href: url, textContent: "Xem kết quả" }),
        )));
        draft = null;
      }
    }
    if (draft && !same(draft.values, values(form))) {
      const left = fill(form, draft.values);
      const field = form.querySelector("input[name=token]");
      // Should the first one arrive late after all, this one must not make a second record.
      if (draft.sent && draft.token && field) field.value = draft.token;
      restored(form, key, draft.at, left);
    }
    watch(form);
  };

  /* A form that was sent and is not on this page: has it arrived? */
  const settle = async (key) => {
    const draft = read(key);
    if (!draft || !draft.sent) return;
    if (draft.token) {
      if (await arrived(draft.token)) forget(key);
      return;
    }
    const from = document.referrer && new URL(document.referrer);
    if (from && from.origin === location.origin && from.pathname + from.search === draft.path) forget(key);
  };

  const list = (place) => {
    const found = mine().filter((key) => key.startsWith(place.dataset.drafts)).map((key) => [key, read(key)]);
    const rows = found.filter(([, draft]) => draft && draft.path);
    if (!rows.length) return;
    const links = rows.map(([, draft]) => element("li", {}, element("a", {
      href: draft.path, textContent: `${draft.title}, nhập dở lúc ${clock(draft.at)}`,
    })));
    place.replaceChildren(notice(element("div", {}, element("p", { textContent: "Còn nhập dở:" }), element("ul", {}, ...links))));
  };

  /* Without a connection the form stays where it is. Before portal.js marks it as being sent. */
  document.addEventListener("submit", (event) => {
    if (event.target.hasAttribute("data-clear-drafts")) mine().forEach(forget);
    if (!event.target.matches("form[data-draft]") || navigator.onLine) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    say("Mất kết nối mạng. Những gì đã nhập vẫn được giữ ở trình duyệt này; có mạng rồi hãy bấm gửi lại.");
  }, true);

  const forms = [...document.querySelectorAll("form[data-draft]")];
  const here = new Set(forms.map((form) => form.dataset.draft));
  Promise.all(mine().filter((key) => !here.has(key)).map(settle))
    .then(() => document.querySelectorAll("[data-drafts]").forEach(list));
  // Once htmx listens, too: what follows from a field that is put back is to follow then as when it was typed.
  document.addEventListener("DOMContentLoaded", () => setTimeout(() => forms.forEach(open)));
})();
