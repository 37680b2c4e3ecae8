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
package io.longhaul.verbs.ibv;

import io.longhaul.verbs.ibv.IbvLayouts.IbvContext;
import io.longhaul.verbs.ibv.IbvLayouts.VerbsContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Compares an open context with what {@link IbvLayouts} says of it, before anything is called through it.
///
/// A library whose structs differ would make every later call jump anywhere. What can be known beforehand: the context
/// names
/// the device that was opened, its descriptors are descriptors, it says that it is the extended kind (`abi_compat` is
/// -1),
/// the size of that kind is plausible, and the function pointers point into executable memory.
final class AbiCheck {
    private static final Path MAPS = Path.of("/proc/self/maps");
    private static final int MOST_DESCRIPTORS = 1 << 20;
    private static final long MOST_EXTENSION_BYTES = 1 << 14;
    private static final int[] CALLED = {
        IbvContext.OPS_POLL_CQ, IbvContext.OPS_REQ_NOTIFY_CQ, IbvContext.OPS_POST_SEND, IbvContext.OPS_POST_RECV
    };

    private final List<long[]> executable; // {first address, one beyond the last}

    private AbiCheck(List<long[]> executable) {
        this.executable = executable;
    }

    /// Says what is wrong with a context; empty when all is well.
    ///
    /// @param device the `struct ibv_device*` that was opened
    static Optional<String> fault(long context, long device, IbvLayouts.Tail tail) {
        if (RawMemory.getLong(context + IbvContext.DEVICE) != device) {
            return Optional.of("ibv_context.device is not the device that was opened");
        }
        for (int offset : new int[] {IbvContext.CMD_FD, IbvContext.ASYNC_FD}) {
            int fd = RawMemory.getInt(context + offset);
            if (fd < 0 || fd > MOST_DESCRIPTORS) {
                return Optional.of("a descriptor of ibv_context is " + fd);
            }
        }
        if (RawMemory.getLong(context + tail.contextAbiCompat()) != -1) {
            return Optional.of("ibv_context.abi_compat is not -1");
        }
        long size = RawMemory.getLong(context + VerbsContext.SZ);
        if (size < tail.contextBytes() || size > MOST_EXTENSION_BYTES) {
            return Optional.of("verbs_context.sz is " + size);
        }
        try {
            return readMaps().faultOfFunctions(context);
        } catch (IOException e) {
            return Optional.of(MAPS + " cannot be read: " + e.getMessage());
        }
    }

    private Optional<String> faultOfFunctions(long context) {
        for (int offset : CALLED) {
            long function = RawMemory.getLong(context + offset);
            if (!isExecutable(function)) {
                return Optional.of("the function at offset " + offset + " of ibv_context, 0x"
                        + Long.toHexString(function) + ", is not in executable memory");
            }
        }
        return Optional.empty();
    }

    private boolean isExecutable(long address) {
        for (long[] range : executable) {
            if (Long.compareUnsigned(address, range[0]) >= 0 && Long.compareUnsigned(address, range[1]) < 0) {
                return true;
            }
        }
        return false;
    }

    private static AbiCheck readMaps() throws IOException {
        List<long[]> ranges = new ArrayList<>();
        for (String line : Files.readAllLines(MAPS)) {
            int dash = line.indexOf('-');
            int space = line.indexOf(' ');
            if (dash > 0 && space > dash && line.charAt(space + 3) == 'x') {
                ranges.add(new long[] {
                    Long.parseUnsignedLong(line, 0, dash, 16), Long.parseUnsignedLong(line, dash + 1, space, 16)
                });
            }
        }
        return new AbiCheck(ranges);
    }
}
