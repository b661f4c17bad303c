mod answers;
mod events;
mod requests;
