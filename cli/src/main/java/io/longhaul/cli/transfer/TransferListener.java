package io.longhaul.cli.transfer;

/// Is told how far a transfer is, on the thread that drives it. Must be quick.
public interface TransferListener {
    /// Says nothing to anyone.
    TransferListener NONE = new TransferListener() {};

    /// What is held from an earlier try is being compared.
    default void onPrefix(long prefixBytes) {}

    /// Blocks start here: 0, or where an earlier try ended.
    default void onStart(long offset) {}

    /// So many bytes of the whole are done, those of earlier tries included.
    default void onProgress(long doneBytes) {}
}
