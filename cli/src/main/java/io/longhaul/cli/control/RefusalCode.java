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

/// Why a peer does not do what it was asked. The codes travel: new ones go to the end.
public enum RefusalCode {
    /// Anything that has no code of its own.
    FAILED,
    /// The request makes no sense.
    BAD_REQUEST,
    /// The peer speaks another version of these messages.
    OTHER_VERSION,
    /// There is no such file or directory.
    NOT_FOUND,
    /// The operating system denies access.
    PERMISSION_DENIED,
    /// The path leaves the served root.
    OUTSIDE_ROOT,
    /// The name is empty, reserved, or has characters that no file can have.
    BAD_NAME,
    /// The name is longer than the file system takes.
    NAME_TOO_LONG,
    /// The path is a directory where a file is needed.
    IS_DIRECTORY,
    /// The path is neither a file nor a directory.
    NOT_A_FILE,
    /// The file system is full, or a quota is reached.
    NO_SPACE,
    /// Another copy to the same target is going on.
    BUSY,
    /// The source changed while it was read.
    SOURCE_CHANGED,
    /// The bytes that arrived are not those that were sent.
    DIGEST_MISMATCH,
    /// Reading or writing failed.
    IO_ERROR,
    /// The peer has no memory or no session left.
    LIMIT_REACHED,
    /// The peer is being stopped.
    STOPPING;

    /// The code of a number from the wire; unknown numbers are FAILED.
    static RefusalCode of(int number) {
        final RefusalCode[] all = values();
        return number >= 0 && number < all.length ? all[number] : FAILED;
    }
}
