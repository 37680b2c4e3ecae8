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
package io.longhaul.sim;

import io.longhaul.verbs.soft.LinkModel;

/// The link model of the software device's emulated wire, as it is.
///
/// @param model decides
record WireRoute(LinkModel model) implements Route {
    @Override
    public int offer(long nowNanos, int ipBytes, int lane, boolean ecnCapable) {
        return model.offer(nowNanos, ipBytes, lane, ecnCapable);
    }

    @Override
    public long deliveryNanos(int copy) {
        return model.deliveryNanos(copy);
    }

    @Override
    public boolean isMarked() {
        return model.isMarked();
    }

    @Override
    public int corruptBit(int bits) {
        return model.corruptBit(bits);
    }
}
