/* The form of a new route: shows what belongs to a choice, and proposes the account holder's name.
 *
 *   data-shown-for="field=value,value"   on a part of a form: shown while a radio button of that name has one of them
 *   data-holder="PHAM THI THU"           on a radio button: the name that a bank would have for that payee
 *
 * Without it everything is shown, and the server takes the payee's name where none was typed.
 */
(() => {
  "use strict";
  const form = document.querySelector("form[data-draft^='route-add-']");
  if (!form) return;

  const show = () => {
    form.querySelectorAll("[data-shown-for]").forEach((part) => {
      const [name, values] = part.dataset.shownFor.split("=");
      const chosen = form.querySelector(`input[name="${name}"]:checked`);
      part.hidden = !chosen || !values.split(",").includes(chosen.value);
    });
  };

  /* As banks store names: capitals without accents. */
  const plain = (name) =>
    name.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[đĐ]/g, "d").replace(/['’]/g, "")
      .replace(/[-.]/g, " ").toUpperCase().replace(/\s+/g, " ").trim();

  const holder = form.elements.ten_chu;
  const typed = form.elements.ho_ten;
  // The server proposes the first choice's name; whatever else stands there was typed.
  let proposed = form.querySelector("input[name='nguoi_nhan']:checked")?.dataset.holder || "";
  const propose = () => {
    const chosen = form.querySelector("input[name='nguoi_nhan']:checked");
    if (!chosen || !holder || (holder.value && holder.value !== proposed)) return;
    proposed = chosen.dataset.holder || plain(typed.value);
    holder.value = proposed;
  };

  const follow = () => { show(); propose(); };
  form.addEventListener("change", follow);
  form.addEventListener("draft:restore", () => setTimeout(follow));
  if (typed) typed.addEventListener("input", propose);
  follow();
})();
