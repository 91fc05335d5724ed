//! Tests of the census and of signs of life.

mod alive;
mod census;
