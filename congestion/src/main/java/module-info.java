/// Congestion control as arithmetic: controllers, estimators and pacing; nothing but `java.base`.
module io.longhaul.congestion {
    requires static org.jspecify;

    exports io.longhaul.congestion;
    exports io.longhaul.congestion.bbr;
    exports io.longhaul.congestion.catalog;
    exports io.longhaul.congestion.cubic;
    exports io.longhaul.congestion.delay;
    exports io.longhaul.congestion.reserved;
    exports io.longhaul.congestion.scavenger;
}
