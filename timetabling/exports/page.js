// Only help: without it, everything can be reached by the links that are there.
for (const menu of document.querySelectorAll(".menu")) {
  const links = [...menu.querySelectorAll("li")];
  const search = document.createElement("input");
  search.type = "search";
  search.placeholder = "Find a name";
  search.setAttribute("aria-label", "Find a name");
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLocaleLowerCase();
    for (const link of links) {
      link.hidden = !link.textContent.toLocaleLowerCase().includes(wanted);
    }
  });
  search.addEventListener("keydown", (event) => {
    const first = links.find((link) => !link.hidden);
    if (event.key === "Enter" && first) first.querySelector("a").click();
  });
  if (links.length > 10) menu.prepend(search);
  menu.addEventListener("click", (event) => {
    if (event.target.closest("a")) menu.parentElement.open = false;
  });
}
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll("details[open]")) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});
