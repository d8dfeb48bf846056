// The market as it is now, and what happens in it. Every text goes in as text, never as markup.
"use strict";

const NAMES = [
  "ListingDrafted", "ListingRevised", "ListingPublished",
  "BidPlaced", "LeaderOutbid", "BidRetracted",
  "ListingSold", "ListingUnsold", "ListingWithdrawn",
  "OrderPlaced", "OrderLineChanged", "OrderLineRemoved", "OrderAddressSet",
  "OrderPaid", "OrderShipped", "OrderDelivered", "OrderCancelled",
];
const SHOWN = 30;
const listings = document.getElementById("listings");
const events = document.getElementById("events");
const state = document.getElementById("state");

function make(name, className, ...children) {
  const element = document.createElement(name);
  element.className = className;
  element.append(...children);
  return element;
}

function money(value) {
  if (!value) return "";
  const format = new Intl.NumberFormat(undefined, { style: "currency", currency: value.currency });
  const digits = format.resolvedOptions().maximumFractionDigits;
  return format.format(value.amount / 10 ** digits);
}

async function draw() {
  const filter = encodeURIComponent('status = "published"');
  const answer = await fetch(`/listings?limit=${SHOWN}&sort=ends_at&count=true&filter=${filter}`);
  const page = await answer.json();
  if (!answer.ok) throw new Error(page.detail);
  const head = make("tr", "",
    make("th", "", "title"), make("th", "number", "price"), make("th", "number", "bids"), make("th", "", "ends"));
  const rows = page.items.map((item) => make("tr", "",
    make("td", "", Object.assign(make("a", "", item.title), { href: `/listings/${item.id}` })),
    make("td", "number", money(item.price)),
    make("td", "number", String(item.bids)),
    make("td", "", new Date(item.ends_at).toLocaleString())));
  listings.replaceChildren(head, ...rows);
  state.textContent = `${page.count} listings are open; the view is at position ${page.position}.`;
}

// One redraw for a burst of events.
let planned = false;
function redraw() {
  if (planned) return;
  planned = true;
  setTimeout(() => {
    planned = false;
    draw().catch((error) => { state.textContent = String(error); });
  }, 250);
}

function show(message) {
  const event = JSON.parse(message.data);
  const time = new Date(event.occurred_at).toLocaleTimeString();
  const title = event.data.title ? ` “${event.data.title}”` : "";
  const price = event.data.price ? ` ${money(event.data.price)}` : "";
  const link = Object.assign(make("a", "", `${event.aggregate} ${event.id.slice(0, 8)}`), {
    href: `/${event.aggregate}s/${event.id}/events`,
  });
  events.prepend(make("li", "", make("span", "quiet", `${time} `), `${event.type}${title}${price} `, link));
  while (events.children.length > SHOWN) events.lastChild.remove();
  redraw();
}

const source = new EventSource("/events");
for (const name of NAMES) source.addEventListener(name, show);
source.addEventListener("error", () => { state.textContent = "The stream broke; it comes back by itself."; });
source.addEventListener("open", redraw);
redraw();
