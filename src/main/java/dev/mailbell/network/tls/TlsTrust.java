package dev.mailbell.network.tls;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a server proves its identity by TLS. Certificate and pins are both required where both are
 * given.
 *
 * @param verify whether its certificate must be trusted and match the host
 * @param caPem certificates to trust besides the platform's, in PEM; null for none
 * @param pins the keys of which the server must have one; empty for any
 */
public record TlsTrust(boolean verify, @Nullable String caPem, List<KeyPin> pins) {
    public TlsTrust {
        pins = List.copyOf(pins);
    }

    /** Without pins. */
    public TlsTrust(boolean verify, @Nullable String caPem) {
        this(verify, caPem, List.of());
    }
}
