"""The planner's tables of the analyst's script: by region, disparity, typology, support villages."""

import numpy as np
import pandas as pd
from benchmark_naive_roads import TIERS
from benchmark_naive_scores import PRESETS

LIMITS_MIN, ALL_SEASON_KM = (30, 60, 120), 2.0
POTENTIALS = ["high", "medium", "low", "uninhabited"]
SUPPORT_MIN_PEOPLE, SUPPORT_LIMIT_MIN, SUPPORT_SHARE = 1000, 60.0, 0.9
GROUPS = {"major_cities": "near", "inner_regional": "near", "outer_regional": "midway"}  # all else is remote


def typology(settlements: pd.DataFrame) -> tuple[pd.Series, pd.DataFrame]:
    """Cross remoteness with potential; also count settlements and people by type."""
    names = pd.read_csv(PRESETS / "typology.csv").set_index(["remoteness", "potential"])["type"]
    group = settlements["remoteness_class"].map(GROUPS).fillna("remote")
    types = pd.Series(names.reindex(pd.MultiIndex.from_arrays([group, settlements["potential"]])).to_numpy())
    types = types.fillna("uninhabited").set_axis(settlements.index)
    counts = settlements.groupby(types)["population"].agg(["size", "sum"])
    return types, counts.set_axis(["settlements", "population"], axis=1).rename_axis("typology").reset_index()


def weighted(frame: pd.DataFrame, column: str, by: pd.Series) -> pd.Series:
    """Return the mean of a column by people in each group, of those whose value and people are known."""
    known = frame[np.isfinite(frame[column]) & (frame["population"] > 0)]
    amount = (known[column] * known["population"]).groupby(by).sum()
    return amount / known["population"].groupby(by).sum()


def region_table(settlements: pd.DataFrame) -> pd.DataFrame:
    """Settlements and people by class, remoteness, viability and who is beyond some minutes, by region."""
    by = settlements["region"].fillna("not known")
    people = settlements["population"].fillna(0)
    out = {
        "settlements": settlements.groupby(by).size(),
        "population": people.groupby(by).sum(),
        "settlements_population_unknown": settlements["population"].isna().groupby(by).sum(),
    }
    for name in POTENTIALS:
        inside = settlements["potential"] == name
        out[f"settlements_{name}"] = inside.groupby(by).sum()
        out[f"population_{name}"] = (people * inside).groupby(by).sum()
    for measure in ("remoteness", "viability"):
        out[f"{measure}_mean"] = settlements[measure].groupby(by).mean()
        out[f"{measure}_weighted"] = weighted(settlements, measure, by)
    for tier in TIERS:
        for limit in LIMITS_MIN:
            far = settlements[f"minutes_{tier}_summer"] > limit
            out[f"settlements_beyond_{tier}_{limit}_min"] = far.groupby(by).sum()
            out[f"population_beyond_{tier}_{limit}_min"] = (people * far).groupby(by).sum()
    near = people * (settlements["all_season_km"] <= ALL_SEASON_KM)
    out["rural_access_index"] = near.groupby(by).sum() / out["population"].where(out["population"] > 0)
    return pd.DataFrame(out).rename_axis("region").reset_index()


def lorenz(x: np.ndarray, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(x, kind="stable")
    shares = np.cumsum(people[order]), np.cumsum((x * people)[order])
    return tuple(np.r_[0, share / share[-1]] for share in shares)


def theil(x: np.ndarray, people: np.ndarray) -> float:
    relative = x / np.average(x, weights=people)
    terms = relative * np.log(np.where(relative > 0, relative, 1))
    return float(np.average(terms, weights=people))


def measures(x: np.ndarray, people: np.ndarray) -> dict[str, float]:
    """Measure how unequal values per person are."""
    share, amount = lorenz(x, people)
    mean = np.average(x, weights=people)
    return {
        "rows": len(x),
        "smallest": x.min(),
        "largest": x.max(),
        "max_min_ratio": x.max() / x.min() if x.min() > 0 else np.nan,
        "gini": 1 - float(((amount[1:] + amount[:-1]) * np.diff(share)).sum()),
        "theil": theil(x, people),
        "hoover": float(np.abs(x * people / (x * people).sum() - people / people.sum()).sum() / 2),
        "williamson": float(np.sqrt(np.average((x - mean) ** 2, weights=people)) / mean),
    }


def disparity(settlements: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Compare regions, and settlements, in remoteness and viability: each place as one, and each person."""
    rows, ranked, curves = [], [], []
    inside = settlements[settlements["region"].notna()]
    people = inside.groupby("region")["population"].sum()
    for column in ("remoteness", "viability"):
        plain, by_people = inside.groupby("region")[column].mean(), weighted(inside, column, inside["region"])
        for weighting, regional in (("plain", plain), ("population", by_people)):
            every = pd.Series(1.0, inside.index) if weighting == "plain" else inside["population"].fillna(0)
            known = np.isfinite(inside[column]) & (every > 0)
            x, w, region = inside.loc[known, column], every[known], inside.loc[known, "region"]
            if not len(x):
                continue
            amount, of_region = (x * w).groupby(region).sum(), w.groupby(region).sum()
            between = theil((amount / of_region).to_numpy(), of_region.to_numpy())
            total = measures(x.to_numpy(), w.to_numpy())
            parts = {"theil_between": between, "theil_within": total["theil"] - between}
            rows.append({"column": column, "among": "settlements", "weighting": weighting} | total | parts)
            usable = regional.dropna()
            w = (pd.Series(1.0, usable.index) if weighting == "plain" else people[usable.index]).to_numpy()
            found = measures(usable.to_numpy(), w)
            rows.append({"column": column, "among": "regions", "weighting": weighting} | found)
        usable = by_people.dropna()
        table = pd.DataFrame({"column": column, "value": usable, "rank": usable.rank(ascending=False, method="min")})
        ranked.append(table.sort_values("rank").rename_axis("region").reset_index())
        share, amount = lorenz(usable.to_numpy(), people[usable.index].to_numpy())
        curves.append(pd.DataFrame({"column": column, "people": share, "amount": amount}))
    return {"disparity": pd.DataFrame(rows), "ranking": pd.concat(ranked), "lorenz": pd.concat(curves)}


def candidates(settlements: pd.DataFrame) -> np.ndarray:
    return (settlements["population"] >= SUPPORT_MIN_PEOPLE).to_numpy()


def support(settlements: pd.DataFrame, pairs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Choose, again and again, the village that serves most people who have none in reach; assign the satellites."""
    by_id = settlements.set_index("settlement_id")
    people = by_id.loc[by_id["population"].ne(0), "population"].fillna(0.0)
    rows = pairs[pairs["from_id"].isin(people.index)].assign(people=lambda t: t["from_id"].map(people))
    served = rows.groupby("to_id")["people"].agg(settlements_within="size", population_within="sum")
    nearest = rows.drop_duplicates("from_id").groupby("to_id")["people"].agg(["size", "sum"])
    served[["settlements_nearest", "population_nearest"]] = nearest.reindex(served.index, fill_value=0)
    wanted, chosen, left = SUPPORT_SHARE * people.sum(), [], rows
    done = 0.0
    while done < wanted:
        adds = left.groupby("to_id")["people"].sum()
        if adds.empty or adds.max() <= 0:
            break
        tied = adds.index[adds == adds.max()]
        best = people[tied].idxmax()
        done += adds[best]
        chosen.append((best, len(chosen) + 1, adds[best], done / people.sum()))
        left = left[~left["from_id"].isin(left.loc[left["to_id"] == best, "from_id"])]
    proposed = pd.DataFrame(chosen, columns=["to_id", "rank", "added", "share_served"]).set_index("to_id")
    first = pairs[pairs["to_id"].isin(proposed.index)].drop_duplicates("from_id").set_index("from_id")
    own = first[["to_id", "minutes"]].reindex(people.index).rename_axis("settlement_id").reset_index()
    names = by_id[["name", "region", "population"]]
    return {"support": served.join(proposed).join(names).rename_axis("settlement_id").reset_index(), "satellites": own}
