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
package io.longhaul.congestion.cubic;

import io.longhaul.congestion.CongestionConfig;
import io.longhaul.congestion.CongestionController;
import io.longhaul.congestion.CongestionControllerFactory;

/// Makes {@link CubicController}s.
///
/// Threading: any thread may create.
public final class CubicFactory implements CongestionControllerFactory {
    /// Name under which the controller is chosen.
    public static final String NAME = "cubic";

    private final boolean fastConvergence;

    /// Creates a factory whose flows make room for each other.
    public CubicFactory() {
        this(true);
    }

    /// Creates a factory.
    ///
    /// @param fastConvergence whether a flow that is cut before it has reached its last maximum gives some of it
    /// up; a flow
    /// that is alone needs not (RFC 9438 §4.7)
    public CubicFactory(boolean fastConvergence) {
        this.fastConvergence = fastConvergence;
    }

    @Override
    public CongestionController create(CongestionConfig config) {
        return new CubicController(config, fastConvergence);
    }

    @Override
    public String name() {
        return NAME;
    }
}
