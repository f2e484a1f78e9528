"""Roads at other speeds by class, drawn again and again: what speeds do not change is found once."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.fields import BACKWARD_MIN, FORWARD_MIN, MAXSPEED_KPH, ROAD_CLASS, SPEED_KPH
from gis.kernels.paths import contract_chains
from gis.kernels.reweigh import parallel_edges, reweighed
from gis.space.network import Network
from gis.stages.travel import Roads

Float = NDArray[np.float64]


class OtherSpeeds:
    """The roads of a season, to be driven at other speeds.

    Parameters
    ----------
    roads
        As published: `speed_kph` and `maxspeed_kph` of their edges are used.
    """

    def __init__(self, roads: Roads) -> None:
        self.roads = roads
        edges, pieces, used = roads.network.edges, roads.pieces, roads.used
        self._code, self._classes = pd.factorize(edges[ROAD_CLASS])
        with np.errstate(divide="ignore", invalid="ignore"):
            most = edges[MAXSPEED_KPH].to_numpy(float) / edges[SPEED_KPH].to_numpy(float)
        self._most = np.where(most >= 1.0, most, np.inf)
        tail = np.concatenate([pieces.to_id, pieces.from_id])[used]  # the graph is against the direction of travel
        head = np.concatenate([pieces.from_id, pieces.to_id])[used]
        self._parallel = parallel_edges(roads.graph, tail, head)

    def at(self, factor: pd.Series) -> Roads:
        """Return the roads, each class driven faster by its factor (above 0), but never beyond a posted limit.

        The same as `Roads.with_minutes_of`: what is open stays open, so that only minutes change.

        Parameters
        ----------
        factor
            On the classes of road.
        """
        roads, pieces = self.roads, self.roads.pieces
        edges = roads.network.edges
        by = np.fmin(factor[self._classes].to_numpy(float)[self._code], self._most)
        edge_min = {column: edges[column].to_numpy(float) / by for column in (FORWARD_MIN, BACKWARD_MIN)}
        share = pieces.end - pieces.start
        forward, backward = (minutes[pieces.edge] * share for minutes in edge_min.values())
        minutes = np.concatenate([forward, backward])[roads.used]
        graph = reweighed(roads.graph, minutes, self._parallel)
        made = Roads(Network(roads.network.nodes, edges.assign(**edge_min)), pieces)
        # What would be found when it is asked for: from the roads as they are, and not by one thread for all.
        vars(made).update(
            piece_min=(forward, backward),
            used=roads.used,
            graph=graph,
            contracted=contract_chains(graph),
            km=roads.km,
            track_min=np.where(roads.track_min > 0, minutes, 0.0),
            link_min=np.where(roads.link_min > 0, minutes, 0.0),
        )
        return made
