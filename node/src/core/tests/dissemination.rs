//! Tests of dissemination: push trees, arrivals, clocks and convergence.

mod arrivals;
mod clock_skew;
mod convergence;
mod tree;
