package dev.mailbell.secret;

import com.google.crypto.tink.AccessesPartialKey;
import com.google.crypto.tink.Aead;
import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.RegistryConfiguration;
import com.google.crypto.tink.TinkJsonProtoKeysetFormat;
import com.google.crypto.tink.aead.AeadConfig;
import com.google.crypto.tink.aead.AesGcmKey;
import com.google.crypto.tink.aead.PredefinedAeadParameters;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** An immutable set of AES-256-GCM keys, one of which encrypts. */
final class Keyset {
    private final KeysetHandle handle;
    private final Aead aead;
    private final List<KeyInfo> keys;

    private Keyset(KeysetHandle handle) {
        this.handle = handle;
        try {
            this.aead = handle.getPrimitive(RegistryConfiguration.get(), Aead.class);
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("not a keyset for encryption", e);
        }
        this.keys =
                IntStream.range(0, handle.size())
                        .mapToObj(handle::getAt)
                        .map(entry ->
                                new KeyInfo(
                                        HexFormat.of().toHexDigits(entry.getId()),
                                        entry.isPrimary(),
                                        fingerprint(entry)))
                        .toList();
    }

    static Keyset generate() {
        try {
            AeadConfig.register();
            return new Keyset(KeysetHandle.generateNew(PredefinedAeadParameters.AES256_GCM));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("no AES-256-GCM key could be made", e);
        }
    }

    /**
     * Reads Tink's JSON, or that in Base64.
     *
     * @param place where it is, for the message
     */
    static Keyset parse(String text, String place) {
        try {
            AeadConfig.register();
            String json =
                    text.strip().startsWith("{")
                            ? text
                            : new String(
                                    Base64.getMimeDecoder().decode(text), StandardCharsets.UTF_8);
            return new Keyset(
                    TinkJsonProtoKeysetFormat.parseKeyset(json, InsecureSecretKeyAccess.get()));
        } catch (GeneralSecurityException | RuntimeException e) {
            // Without the cause: a parser's message may quote key material.
            throw new KeyringException(
                    "keyset "
                            + place
                            + " is damaged or not a Tink keyset of AES-GCM keys; restore it from a"
                            + " backup, because only its keys read the secrets in the database");
        }
    }

    String serialize() {
        try {
            return TinkJsonProtoKeysetFormat.serializeKeyset(handle, InsecureSecretKeyAccess.get());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a keyset could not be written", e);
        }
    }

    Aead aead() {
        return aead;
    }

    /** The keys without their material, oldest first. */
    List<KeyInfo> keys() {
        return keys;
    }

    boolean has(String id) {
        return keys.stream().anyMatch(key -> key.id().equals(id));
    }

    Keyset withNewKey() {
        try {
            return new Keyset(
                    KeysetHandle.newBuilder(handle)
                            .addEntry(
                                    KeysetHandle.generateEntryFromParameters(
                                                    PredefinedAeadParameters.AES256_GCM)
                                            .withRandomId()
                                            .makePrimary())
                            .build());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("no AES-256-GCM key could be added", e);
        }
    }

    /** This keyset without some keys, none of which is the one that encrypts. */
    Keyset without(Set<String> ids) {
        if (keys.stream().anyMatch(key -> key.primary() && ids.contains(key.id()))) {
            throw new IllegalArgumentException("the key that encrypts cannot be removed");
        }
        KeysetHandle.Builder builder = KeysetHandle.newBuilder(handle);
        // From the end, so that the indexes before stay.
        for (int i = handle.size() - 1; i >= 0; i--) {
            if (ids.contains(keys.get(i).id())) {
                builder.deleteAt(i);
            }
        }
        try {
            return new Keyset(builder.build());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("keys could not be removed", e);
        }
    }

    @AccessesPartialKey
    private static String fingerprint(KeysetHandle.Entry entry) {
        if (!(entry.getKey() instanceof AesGcmKey key)) {
            throw new IllegalArgumentException("not a key of AES-GCM");
        }
        byte[] material = key.getKeyBytes().toByteArray(InsecureSecretKeyAccess.get());
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(material, "HmacSHA256"));
            byte[] digest =
                    mac.doFinal("mailbell keyset fingerprint".getBytes(StandardCharsets.US_ASCII));
            return HexFormat.of().formatHex(digest, 0, 16);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no HMAC-SHA256", e);
        }
    }
}
