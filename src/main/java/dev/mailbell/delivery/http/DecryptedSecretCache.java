package dev.mailbell.delivery.http;

import dev.mailbell.secret.Keyring;
import dev.mailbell.secret.Secret;
import dev.mailbell.webhook.Webhook;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * The signing secrets used last, decrypted once: a cipher costs a tenth of a notification. Safe for
 * many threads.
 */
public final class DecryptedSecretCache {
    private static final int MOST = 2048;

    private final Keyring keyring;
    private final Map<Sealed, Secret> opened = Collections.synchronizedMap(new Recent());

    /** A secret as the table has it, and whose it is. */
    private record Sealed(UUID webhookId, ByteBuffer bytes) {}

    private static final class Recent extends LinkedHashMap<Sealed, Secret> {
        private static final long serialVersionUID = 1L;

        Recent() {
            super(16, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<Sealed, Secret> eldest) {
            return size() > MOST;
        }
    }

    public DecryptedSecretCache(Keyring keyring) {
        this.keyring = keyring;
    }

    /**
     * The secret in clear.
     *
     * @throws dev.mailbell.secret.KeyringException when no key decrypts it
     */
    public Secret open(UUID webhookId, byte[] sealed) {
        Sealed key = new Sealed(webhookId, ByteBuffer.wrap(sealed));
        Secret known = opened.get(key);
        if (known != null) {
            return known;
        }
        Secret secret = keyring.decrypt(sealed, Webhook.secretContext(webhookId));
        opened.put(key, secret);
        return secret;
    }

    /** The webhook is changed or gone: what is kept of its secrets goes. */
    public void forget(UUID webhookId) {
        synchronized (opened) {
            opened.keySet().removeIf(sealed -> sealed.webhookId().equals(webhookId));
        }
    }
}
