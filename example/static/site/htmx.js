// Does what htmx does with hx-post and HX-Redirect, for a site that loads nothing from elsewhere.
for (const form of document.querySelectorAll("form[hx-post]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const response = await fetch(form.getAttribute("hx-post"), {
      method: "POST",
      body: new FormData(form),
      headers: { "HX-Request": "true", "HX-Current-URL": location.href },
    });
    const target = response.headers.get("HX-Redirect");
    if (target) location.assign(target);
    else form.submit();
  });
}
