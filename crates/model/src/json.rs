//! strict json
