// Lays the earlier photograph over the later one, as strongly as the slider says. Without this script both stand side by side.
const over = document.getElementById("over");

if (over) {
  const share = document.getElementById("share");
  const upper = over.querySelector(".laid-over");
  const said = document.getElementById("share-said");
  const show = () => {
    upper.style.opacity = share.value / 100;
    said.textContent = `${share.value} %`;
  };
  share.addEventListener("input", show);
  over.hidden = false;
  show();
}
