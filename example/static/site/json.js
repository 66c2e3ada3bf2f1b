// Logs out by fetch and shows the answer. Without this module the form works as a form.
const form = document.querySelector("form[data-json]");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const response = await fetch(form.action, {
    method: "POST",
    body: new FormData(form),
    headers: { Accept: "application/json" },
  });
  const answer = await response.json();
  const shown = document.createElement("pre");
  shown.textContent = JSON.stringify(answer, null, 2);
  const output = document.querySelector(".answer");
  output.replaceChildren(shown);
  if (!answer.logged_out) return;
  const onward = document.createElement("a");
  onward.className = "button quiet";
  onward.href = answer.redirect_to;
  onward.textContent = form.dataset.onward;
  output.append(onward);
  document.querySelector("[data-account]").replaceChildren();
  form.remove();
  onward.focus();
});
