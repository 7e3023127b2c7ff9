package io.quorate.spi.plugin;

/** A plugin could not be chosen or created. The message names what was found, what was expected, and the remedy. */
public final class PluginException extends Exception {

    private static final long serialVersionUID = 1L;

    public PluginException(String message) {
        super(message);
    }

    public PluginException(String message, Throwable cause) {
        super(message, cause);
    }
}
