/*
 * Copyright the Longhaul authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
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
