/// RDMA verbs for Java: one API, and the devices behind it.
///
/// This is the only module that calls foreign functions: `--enable-native-access=io.longhaul.verbs`.
@SuppressWarnings("module") // one export is for a module that is built later
module io.longhaul.verbs {
    requires static transitive org.jspecify;

    exports io.longhaul.isal;
    exports io.longhaul.linux to
            io.longhaul;
    exports io.longhaul.verbs;
    exports io.longhaul.verbs.cm;
    exports io.longhaul.verbs.ibv;
    exports io.longhaul.verbs.soft;
}
