package io.longhaul.cli.quantity;

/// A text is no quantity of the wanted kind. The message is one line that names the text, the fault and valid examples.
public final class QuantityException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// Creates an exception.
    ///
    /// @param text what was given
    /// @param fault what is wrong with it, without the text
    /// @param examples valid values
    public QuantityException(String text, String fault, String examples) {
        super("'" + printable(text) + "' " + fault + "; write for example " + examples);
    }

    private static String printable(String text) {
        final StringBuilder out = new StringBuilder();
        text.codePoints().limit(80).forEach(c -> {
            if (Character.isISOControl(c)) {
                out.append('?');
            } else {
                out.appendCodePoint(c);
            }
        });
        return out.toString();
    }
}
