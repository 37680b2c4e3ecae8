package io.longhaul.cli.transfer;

import io.longhaul.cli.control.RefusalException;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Where the bytes of a transfer come from.
///
/// Threading: one thread at a time.
public interface BlockSource {
    /// Fills the remaining bytes of {@code target} from an offset.
    ///
    /// @throws RefusalException SOURCE_CHANGED when there are fewer bytes than announced
    void read(long offset, ByteBuffer target) throws IOException, RefusalException;

    /// Called after the last block was read: the source says whether it is still what it was.
    ///
    /// @throws RefusalException SOURCE_CHANGED when it changed meanwhile
    default void finish() throws IOException, RefusalException {}
}
