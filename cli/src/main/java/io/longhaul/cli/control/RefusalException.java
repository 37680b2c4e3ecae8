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
package io.longhaul.cli.control;

import org.jspecify.annotations.Nullable;

/// Something was refused, here or by the peer, for a reason with a code. The message is one line for people.
public final class RefusalException extends Exception {
    private static final long serialVersionUID = 1L;

    /// Why.
    private final RefusalCode code;

    /// True when the peer said so.
    private final boolean remote;

    /// Creates a refusal by this side.
    public RefusalException(RefusalCode code, String message) {
        this(code, message, null);
    }

    /// Creates a refusal by this side.
    public RefusalException(RefusalCode code, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
        remote = false;
    }

    /// Creates a refusal that the peer sent.
    public RefusalException(ControlMessage.Refusal refusal) {
        super(refusal.text());
        code = refusal.code();
        remote = true;
    }

    /// Why.
    public RefusalCode code() {
        return code;
    }

    /// True when the peer refused.
    public boolean isRemote() {
        return remote;
    }
}
