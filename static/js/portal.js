/* What the pages need beyond HTML and htmx. Everything here only adds to what works without it.
 *
 *   data-confirm="Câu hỏi?"    on a form or a submit button: asks before it sends
 *   data-filter                on a GET form: filters while typing or choosing, swapping #results
 *   data-filter-also="#id"     on such a form: elements (of the form, by id) that come anew with #results
 *   data-chart="script-id"     on a <div>: draws the ECharts option of that json_script
 *   data-download              on a form or a submit button that answers with a file: may be clicked again at once
 *   data-print                 on a button: prints the page
 *   data-select                on a text field: whatever is typed or scanned next takes the place of what it holds
 *   data-max-bytes="1000"      on a file field: says at once that a chosen file is too large, and does not send it
 *   data-too-large="Hãy …"     on such a field: what to do about it
 *   data-select-all="name"     on a checkbox: ticks all checkboxes of that name, inside a form those of the form
 *   data-shown-with="action=stop,suspend"   on a control: its field shows only while the radio button or select of that
 *                              name has one of the values; one with an error always shows
 *   class="js-hidden"          needed only without JavaScript
 *   class="js-only"            useless without it
 */
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");

  const each = (scope, selector, work) => {
    if (scope.matches && scope.matches(selector)) work(scope);
    scope.querySelectorAll(selector).forEach(work);
  };

  /* Notices that do not come with a page */
  const tell = (text) => {
    const area = document.getElementById("bao-tin");
    if (!area) return;
    const notice = document.createElement("div");
    notice.className = "notice notice-error";
    notice.textContent = text;
    area.replaceChildren(notice);
    setTimeout(() => notice.remove(), 12000);
  };

  // For the other scripts: new CustomEvent("portal:tell", { detail: text })
  document.addEventListener("portal:tell", (event) => tell(event.detail));

  /* The sidebar on phones */
  document.addEventListener("click", (event) => {
    const toggle = event.target.closest("[data-toggle-menu]");
    if (!toggle) return;
    const open = root.classList.toggle("menu-open");
    toggle.setAttribute("aria-expanded", String(open));
    if (open) document.querySelector("#danh-muc a")?.focus();
  });

  /* Menus: a click elsewhere or Escape closes them */
  const closeMenus = (except) => {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (menu !== except) menu.open = false;
    });
  };
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.activeElement.closest("details.menu[open]");
    if (menu) menu.querySelector("summary").focus();
    closeMenus(null);
    if (root.classList.contains("menu-open")) document.querySelector("[data-toggle-menu]").click();
  });

  /* Confirm, then send once. The question is asked in the page, in its own words. */
  const ask = (question, answer) => {
    const dialog = document.createElement("dialog");
    dialog.className = "ask";
    dialog.setAttribute("aria-label", "Xác nhận");
    const text = document.createElement("p");
    text.textContent = question;
    const line = document.createElement("div");
    line.className = "ask-actions";
    const button = (label, kind, value) => {
      const made = document.createElement("button");
      made.type = "button";
      made.className = `btn ${kind}`;
      made.textContent = label;
      made.addEventListener("click", () => dialog.close(value));
      line.append(made);
    };
    button("Quay lại", "", "");
    button("Đồng ý", "btn-primary", "yes");
    dialog.append(text, line);
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (dialog.returnValue === "yes") answer();
    });
    document.body.append(dialog);
    dialog.showModal();
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog") return;
    const submitter = event.submitter;
    const question = (submitter && submitter.dataset.confirm) || form.dataset.confirm;
    if (question && !form.dataset.confirmed) {
      event.preventDefault();
      event.stopImmediatePropagation();
      ask(question, () => {
        form.dataset.confirmed = "yes";
        form.requestSubmit(submitter || undefined);
        delete form.dataset.confirmed;
      });
      return;
    }
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    // A download writes nothing and leaves the page standing, so there is nothing to guard: each click gives its file.
    if (form.hasAttribute("data-download") || submitter?.hasAttribute("data-download")) return;
    if (form.dataset.sending) {
      event.preventDefault();
      return;
    }
    form.dataset.sending = "yes";
    if (submitter) {
      submitter.classList.add("is-sending");
      submitter.setAttribute("aria-busy", "true");
    }
  }, true);
  // Back from the browser's memory: allow another try.
  const release = () => document.querySelectorAll("form[data-sending]").forEach((form) => {
    delete form.dataset.sending;
    form.querySelectorAll(".is-sending").forEach((button) => {
      button.classList.remove("is-sending");
      button.removeAttribute("aria-busy");
    });
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) release(); });

  /* Lists: filters and page links swap #results and keep the address */
  const prepare = (scope) => {
    each(scope, "form[data-filter]", (form) => {
      if (!document.getElementById("results") || form.hasAttribute("hx-get")) return;
      form.setAttribute("hx-get", form.getAttribute("action") || location.pathname);
      form.setAttribute("hx-trigger", "submit, change, input delay:400ms from:find input[type=search]");
      swapsResults(form);
      form.setAttribute("hx-sync", "this:replace");
      // Fields whose choices follow from other fields come anew with the list.
      if (form.dataset.filterAlso) form.setAttribute("hx-select-oob", form.dataset.filterAlso);
    });
    each(scope, "a[data-page-link]", (link) => {
      if (!document.getElementById("results") || link.hasAttribute("hx-get")) return;
      link.setAttribute("hx-get", link.getAttribute("href"));
      swapsResults(link);
    });
    each(scope, "[data-chart]", draw);
    each(scope, ".table-scroll", (box) => {
      // A box that scrolls must be reachable by keyboard; one that doesn't needs no stop.
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    });
  };
  const swapsResults = (element) => {
    element.setAttribute("hx-target", "#results");
    element.setAttribute("hx-select", "#results");
    element.setAttribute("hx-swap", "outerHTML");
    element.setAttribute("hx-push-url", "true");
  };
  // What is typed into a search box has been asked for while typing; leaving the box would ask once more.
  document.addEventListener("change", (event) => {
    if (event.target.matches("form[data-filter] input[type=search]")) event.stopPropagation();
  }, true);
  document.addEventListener("htmx:configRequest", (event) => {
    if (!event.detail.elt.matches("form[data-filter]")) return;
    // Empty fields only lengthen the address.
    const values = event.detail.formData;
    if (values) [...values.keys()].forEach((name) => { if (values.get(name) === "") values.delete(name); });
  });
  // After the swap and before htmx looks at the new elements, so that it finds the attributes.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target instanceof Element) prepare(event.target);
    if (event.detail.requestConfig.elt.matches("a[data-page-link]")) {
      const results = document.getElementById("results");
      if (!results) return;
      results.tabIndex = -1;
      results.focus({ preventScroll: true });
      results.scrollIntoView({ block: "start" });
    }
  });
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    tell(status === 403 ? "Anh/chị không có quyền làm việc này." : "Máy chủ chưa trả lời được. Hãy tải lại trang.");
  });
  document.addEventListener("htmx:sendError", () => tell("Mất kết nối. Hãy kiểm tra mạng rồi thử lại."));

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });
  document.addEventListener("focusin", (event) => { if (event.target.matches("input[data-select]")) event.target.select(); });
  if (document.activeElement?.matches("input[data-select]")) document.activeElement.select();
  document.addEventListener("change", (event) => {
    const name = event.target.dataset && event.target.dataset.selectAll;
    if (!name) return;
    const form = event.target.form;
    document.getElementsByName(name).forEach((box) => { if (!box.disabled && (!form || box.form === form)) box.checked = event.target.checked; });
  });

  /* Fields that only some choice needs */
  const showFields = () => document.querySelectorAll("[data-shown-with]").forEach((control) => {
    const [name, values] = control.dataset.shownWith.split("=");
    const field = control.closest(".field");
    const chosen = control.form?.querySelector(`[name="${name}"]:checked, select[name="${name}"]`)?.value || "";
    if (field) field.hidden = !values.split(",").includes(chosen) && !field.querySelector(".is-invalid");
  });
  document.addEventListener("change", showFields);

  /* A file too large is not sent at all */
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (!field.matches || !field.matches("input[type=file][data-max-bytes]")) return;
    const id = `${field.id}_too_large`;
    document.getElementById(id)?.remove();
    field.classList.remove("is-invalid");
    const most = Number(field.dataset.maxBytes);
    if (![...field.files].some((file) => file.size > most)) return;
    field.value = "";
    field.classList.add("is-invalid");
    const told = document.createElement("div");
    told.className = "field-error";
    told.id = id;
    told.setAttribute("role", "alert");
    const remedy = field.dataset.tooLarge || "Hãy bỏ hình ảnh và trang tính thừa, hoặc chia thành nhiều tệp.";
    told.textContent = `Tệp lớn hơn ${Math.floor(most / 1048576)} MB. ${remedy}`;
    field.after(told);
  });

  /* Charts. The data also stands on the page as a table or figures; a chart is the picture of it. */
  const draw = (box) => {
    const source = document.getElementById(box.dataset.chart);
    if (!source || !window.echarts || window.echarts.getInstanceByDom(box)) return;
    const chart = window.echarts.init(box, null, { renderer: "svg" });
    const option = JSON.parse(source.textContent);
    chart.setOption({ textStyle: { fontFamily: getComputedStyle(document.body).fontFamily }, animation: false, ...option });
    chart.on("click", (point) => { if (point.data && point.data.url) location.href = point.data.url; });
    new ResizeObserver(() => { if (!paper.matches) chart.resize(); }).observe(box);
  };

  /* Paper is narrower than the screen, and cannot be unfolded. */
  const paper = window.matchMedia("print");
  const PAPER_WIDTH = 640;
  paper.addEventListener("change", () => {
    document.querySelectorAll("[data-chart]").forEach((box) => {
      const chart = window.echarts?.getInstanceByDom(box);
      if (!chart) return;
      chart.resize({ width: paper.matches ? Math.min(PAPER_WIDTH, box.clientWidth || PAPER_WIDTH) : "auto" });
      // Printing does not wait for the next frame, in which it would be painted.
      chart.getZr().flush();
    });
    document.querySelectorAll("details.fold").forEach((fold) => {
      if (paper.matches && !fold.open) { fold.open = true; fold.dataset.unfolded = "yes"; }
      else if (!paper.matches && fold.dataset.unfolded) { fold.open = false; delete fold.dataset.unfolded; }
    });
  });

  prepare(document.body);
  showFields();
  // Scripts of the page, ECharts among them, come after this one.
  document.addEventListener("DOMContentLoaded", () => each(document.body, "[data-chart]", draw));
})();
