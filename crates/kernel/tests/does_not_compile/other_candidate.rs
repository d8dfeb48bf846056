//! Specifications of two candidates do not mix; those of elements stand inside `any` and `all`.

pub struct Parcel {
    weight: i64,
    stops: Vec<Stop>,
}

pub struct Stop {
    city: String,
}

portolan_kernel::candidate! {
    pub mod parcel: Parcel {
        weight: i64 [sortable],
        stops: Vec<Stop> [],
    }
}

portolan_kernel::candidate! {
    pub mod stop: Stop {
        city: String [],
    }
}

fn main() {
    let _ = parcel::weight().gt(5) & stop::city().eq("Turku");
    let _ = parcel::stops().any(parcel::weight().gt(5));
}
