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
