/// Longhaul: RDMA semantics across wide area networks.
module io.longhaul {
    requires transitive io.longhaul.congestion;
    requires transitive io.longhaul.verbs;
    requires org.agrona;
    requires org.jctools.core;
    requires static transitive org.jspecify;

    exports io.longhaul;
    exports io.longhaul.core;
    exports io.longhaul.core.fec;
    exports io.longhaul.identity;
    exports io.longhaul.qlog;

    uses io.longhaul.Longhaul.Provider;

    provides io.longhaul.Longhaul.Provider with
            io.longhaul.endpoint.EndpointService;
}
