// Logs the order of each message; a message that fails returns to the queue.
export const handler = async ({ Records }) => {
  for (const { body } of Records) {
    console.log("order", JSON.parse(body).detail.id);
  }
};
