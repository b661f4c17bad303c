mod answers;
mod lists;
mod requests;
mod work;
