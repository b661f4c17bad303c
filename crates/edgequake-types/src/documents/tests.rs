mod answers;
mod lists;
mod requests;
