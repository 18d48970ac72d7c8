package dev.mailbell.cli.api;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/**
 * Which API is called, and how.
 *
 * @param url without a slash at its end
 * @param key empty when there is none
 * @param keySource what the key was read from, for messages
 * @param client the client that the operator acts for, by id or name; empty for the key's own
 * @param timeout for a whole call
 * @param tls empty for the platform's certificate authorities
 */
record Target(
        URI url,
        String key,
        String keySource,
        String client,
        Duration timeout,
        Optional<SSLContext> tls) {

    Target withClient(String id) {
        return new Target(url, key, keySource, id, timeout, tls);
    }

    @Override
    public String toString() {
        return "Target[" + url + "]";
    }
}
