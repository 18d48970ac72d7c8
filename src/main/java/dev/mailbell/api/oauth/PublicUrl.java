package dev.mailbell.api.oauth;

import dev.mailbell.config.HttpConfig;
import java.util.function.IntSupplier;

/** The address under which browsers reach this daemon: {@code http.publicUrl}. */
public final class PublicUrl {
    private final HttpConfig http;
    private final IntSupplier port;

    /**
     * @param port the port that the API listens on
     */
    public PublicUrl(HttpConfig http, IntSupplier port) {
        this.http = http;
        this.port = port;
    }

    /** A URL below it. */
    public String of(String path) {
        return base() + path;
    }

    boolean isHttps() {
        return base().startsWith("https:");
    }

    private String base() {
        if (!http.publicUrl().isEmpty()) {
            return http.publicUrl();
        }
        String host = http.host();
        String name =
                host.equals("0.0.0.0")
                        ? "127.0.0.1"
                        : host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return (http.tls() == null ? "http://" : "https://") + name + ":" + port.getAsInt();
    }
}
