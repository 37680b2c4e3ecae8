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

import io.longhaul.verbs.ibv.IbvLayouts.IbvQpInitAttr;
import io.longhaul.verbs.ibv.IbvLayouts.QpType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Finds how long an inline send may be: no query tells it, so queue pairs are made until one is refused.
final class InlineProbe {
    private static final int[] SIZES = {1024, 512, 256, 128, 64, 32};

    private InlineProbe() {}

    /// The longest of some usual lengths that the device takes; 0 when it takes none.
    static int maxInlineBytes(IbvDevice.Native handle, Scratch scratch) {
        VerbsLibrary library = handle.library();
        long domain = library.allocPd(scratch, handle.context());
        if (domain == 0) {
            return 0;
        }
        long queue = library.createCq(scratch, handle.context(), 1, 0);
        int bytes = queue == 0 ? 0 : probe(library, scratch, domain, queue);
        if (queue != 0) {
            library.destroyCq(scratch, queue);
        }
        library.deallocPd(scratch, domain);
        return bytes;
    }

    private static int probe(VerbsLibrary library, Scratch scratch, long domain, long queue) {
        for (int size : SIZES) {
            MemorySegment attributes = scratch.allocate(IbvQpInitAttr.BYTES);
            attributes.set(ValueLayout.JAVA_LONG, IbvQpInitAttr.SEND_CQ, queue);
            attributes.set(ValueLayout.JAVA_LONG, IbvQpInitAttr.RECV_CQ, queue);
            attributes.set(ValueLayout.JAVA_INT, IbvQpInitAttr.CAP_MAX_SEND_WR, 1);
            attributes.set(ValueLayout.JAVA_INT, IbvQpInitAttr.CAP_MAX_SEND_SGE, 1);
            attributes.set(ValueLayout.JAVA_INT, IbvQpInitAttr.CAP_MAX_INLINE_DATA, size);
            attributes.set(ValueLayout.JAVA_INT, IbvQpInitAttr.QP_TYPE, QpType.UD);
            long queuePair = library.createQp(scratch, domain, attributes.address());
            if (queuePair != 0) {
                library.destroyQp(scratch, queuePair);
                return size;
            }
        }
        return 0;
    }
}
