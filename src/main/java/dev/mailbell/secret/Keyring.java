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
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encrypts and decrypts with the keys of one file (a Tink keyset, AES-256-GCM). Each value is bound
 * to the row it belongs to: copied into another row it does not decrypt. Safe for many threads.
 */
public final class Keyring {
    private static final int TINK_PREFIX = 1;

    private final KeysetFile file;
    private volatile Keys keys;

    private record Keys(KeysetHandle handle, Aead aead) {
        boolean has(int id) {
            return IntStream.range(0, handle.size()).anyMatch(i -> handle.getAt(i).getId() == id);
        }
    }

    private Keyring(KeysetFile file) {
        this.file = file;
        this.keys = load(file);
    }

    /**
     * Opens the keyset, and creates one if there is none. If values may have been encrypted before,
     * compare {@link #fingerprint()} with the one stored beside them: a new keyset decrypts none of
     * them.
     *
     * @throws KeyringException when the file is damaged, unreadable, or open to other users
     */
    public static Keyring open(Path path) {
        KeysetFile file = new KeysetFile(path);
        if (!file.exists()) {
            file.create(serialize(generate()));
        }
        return new Keyring(file);
    }

    /**
     * Opens an existing keyset.
     *
     * @throws KeyringException also when the file does not exist
     */
    public static Keyring openExisting(Path path) {
        return new Keyring(new KeysetFile(path));
    }

    /**
     * @param boundTo the place of the value, such as {@code account/<id>/credential}
     */
    public byte[] encrypt(Secret secret, String boundTo) {
        return encrypt(secret.reveal().getBytes(StandardCharsets.UTF_8), boundTo);
    }

    /** The same for bytes. */
    public byte[] encrypt(byte[] plain, String boundTo) {
        try {
            return keys.aead().encrypt(plain, context(boundTo));
        } catch (GeneralSecurityException e) {
            throw new KeyringException("keyset " + file + " could not encrypt " + boundTo, e);
        }
    }

    /**
     * @param boundTo the place given at the encryption
     * @throws KeyringException when no key of the file fits, or the value was changed or moved
     */
    public Secret decrypt(byte[] sealed, String boundTo) {
        return Secret.of(new String(decryptBytes(sealed, boundTo), StandardCharsets.UTF_8));
    }

    /** The same for bytes. */
    public byte[] decryptBytes(byte[] sealed, String boundTo) {
        try {
            return keysFor(sealed).aead().decrypt(sealed, context(boundTo));
        } catch (GeneralSecurityException e) {
            throw new KeyringException(
                    "no key of keyset "
                            + file
                            + " decrypts "
                            + boundTo
                            + "; use the keyset that encrypted it, or enter the secret again",
                    e);
        }
    }

    /**
     * Reads the file again for an unknown key: {@code keys rotate} or another node may have added
     * it.
     */
    private Keys keysFor(byte[] sealed) {
        Keys present = keys;
        if (sealed.length < 5 || sealed[0] != TINK_PREFIX) {
            return present;
        }
        if (!present.has(ByteBuffer.wrap(sealed, 1, 4).getInt())) {
            present = load(file);
            keys = present;
        }
        return present;
    }

    private static byte[] context(String boundTo) {
        if (boundTo.isBlank()) {
            throw new IllegalArgumentException("a secret must be bound to its row");
        }
        return boundTo.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Adds a key that encrypts from now on. The older keys stay and decrypt their values. The file
     * changes atomically; other processes read it again when they find a value of the new key.
     */
    public void rotate() {
        file.exclusively(() -> {
            KeysetHandle rotated = withNewKey(load(file).handle());
            file.replace(serialize(rotated));
            keys = keys(rotated);
        });
    }

    /** The keys without their material, oldest first. */
    public List<KeyInfo> keys() {
        KeysetHandle handle = keys.handle();
        return IntStream.range(0, handle.size())
                .mapToObj(handle::getAt)
                .map(entry ->
                        new KeyInfo(HexFormat.of().toHexDigits(entry.getId()), entry.isPrimary()))
                .toList();
    }

    /**
     * Identifies the keyset without revealing its keys: 32 hexadecimal digits derived from the
     * oldest key, so that rotations do not change them. Store it with the first encrypted value.
     */
    @AccessesPartialKey
    public String fingerprint() {
        AesGcmKey oldest = (AesGcmKey) keys.handle().getAt(0).getKey();
        byte[] material = oldest.getKeyBytes().toByteArray(InsecureSecretKeyAccess.get());
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

    /**
     * @param expected the {@link #fingerprint()} at the time when the stored values were encrypted
     * @throws KeyringException when this is another keyset
     */
    public void requireFingerprint(String expected) {
        if (!expected.equals(fingerprint())) {
            throw new KeyringException(
                    "keyset "
                            + file
                            + " is not the one that the secrets in this database were encrypted"
                            + " with; restore that one, or point security.keyset at it");
        }
    }

    private static Keys load(KeysetFile file) {
        String json = file.read();
        try {
            AeadConfig.register();
            Keys keys =
                    keys(
                            TinkJsonProtoKeysetFormat.parseKeyset(
                                    json, InsecureSecretKeyAccess.get()));
            if (!(keys.handle().getAt(0).getKey() instanceof AesGcmKey)) {
                throw new GeneralSecurityException("its oldest key is not of AES-GCM");
            }
            return keys;
        } catch (GeneralSecurityException | RuntimeException e) {
            // Without the cause: a parser's message may quote key material.
            throw new KeyringException(
                    "keyset "
                            + file
                            + " is damaged or not a Tink keyset of AES-GCM keys; restore it from a"
                            + " backup, because only its keys read the secrets in the database");
        }
    }

    private static Keys keys(KeysetHandle handle) {
        try {
            return new Keys(handle, handle.getPrimitive(RegistryConfiguration.get(), Aead.class));
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("not a keyset for encryption", e);
        }
    }

    private static KeysetHandle generate() {
        try {
            AeadConfig.register();
            return KeysetHandle.generateNew(PredefinedAeadParameters.AES256_GCM);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("no AES-256-GCM key could be made", e);
        }
    }

    private static KeysetHandle withNewKey(KeysetHandle present) {
        try {
            return KeysetHandle.newBuilder(present)
                    .addEntry(
                            KeysetHandle.generateEntryFromParameters(
                                            PredefinedAeadParameters.AES256_GCM)
                                    .withRandomId()
                                    .makePrimary())
                    .build();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("no AES-256-GCM key could be added", e);
        }
    }

    private static String serialize(KeysetHandle handle) {
        try {
            return TinkJsonProtoKeysetFormat.serializeKeyset(handle, InsecureSecretKeyAccess.get());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a keyset could not be written", e);
        }
    }

    /** The file's path, no keys. */
    @Override
    public String toString() {
        return "keyset " + file;
    }
}
