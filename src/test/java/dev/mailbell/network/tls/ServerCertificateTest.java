package dev.mailbell.network.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.ECPrivateKey;
import java.util.Base64;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerCertificateTest {
    /** Of openssl ecparam -genkey: the curve before the key, and in it. */
    private static final String SEC1 =
            """
            -----BEGIN EC PARAMETERS-----
            BggqhkjOPQMBBw==
            -----END EC PARAMETERS-----
            -----BEGIN EC PRIVATE KEY-----
            MHcCAQEEIK9be7/30P908EacEZrM3dJ+mT31W6v7IBWmHShbDhWDoAoGCCqGSM49
            AwEHoUQDQgAEpM8snSJbPTsOQNldV9Mn8Rw0wD4jJqU5RZM9agNX8kAxTPVZu/e2
            +2yczzGPU/tl0Ul9zZTF+a0Hh2P7wVNlqw==
            -----END EC PRIVATE KEY-----
            """;

    /** The same by openssl pkcs8 -topk8 -nocrypt. */
    private static final String AS_PKCS8 =
            """
            -----BEGIN PRIVATE KEY-----
            MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgr1t7v/fQ/3TwRpwR
            mszd0n6ZPfVbq/sgFaYdKFsOFYOhRANCAASkzyydIls9Ow5A2V1X0yfxHDTAPiMm
            pTlFkz1qA1fyQDFM9Vm797b7bJzPMY9T+2XRSX3NlMX5rQeHY/vBU2Wr
            -----END PRIVATE KEY-----
            """;

    private static final String SEC1_P384 =
            """
            -----BEGIN EC PRIVATE KEY-----
            MIGkAgEBBDCPzJmDdjDfLkXM0Ta1SCAfXHMMt1CIk6xn9ZvTo9fCzvdGP0RO8FNs
            6Xg2AO+OACygBwYFK4EEACKhZANiAAQrKNPXcQnmzflhotQLlwASeq9qiZofD2bx
            pxvUAiQuVkt8lGtAA0TDB22rYtXXwplZhDy0k6KT+r/BAny3Rh7FyI3eDDCehWem
            /oPh7LcawIkguiWJ5NVOmmfNPcWPsPQ=
            -----END EC PRIVATE KEY-----
            """;
    private static final String P384_AS_PKCS8 =
            """
            -----BEGIN PRIVATE KEY-----
            MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDCPzJmDdjDfLkXM0Ta1
            SCAfXHMMt1CIk6xn9ZvTo9fCzvdGP0RO8FNs6Xg2AO+OACyhZANiAAQrKNPXcQnm
            zflhotQLlwASeq9qiZofD2bxpxvUAiQuVkt8lGtAA0TDB22rYtXXwplZhDy0k6KT
            +r/BAny3Rh7FyI3eDDCehWem/oPh7LcawIkguiWJ5NVOmmfNPcWPsPQ=
            -----END PRIVATE KEY-----
            """;

    private static final HeldCertificate RSA = new HeldCertificate.Builder().rsa2048().build();
    private static final HeldCertificate EC = new HeldCertificate.Builder().ecdsa256().build();

    @TempDir private Path directory;

    private ServerCertificate read(String certificate, String key) throws IOException {
        Path certificateFile = directory.resolve("certificate.pem");
        Path keyFile = directory.resolve("key.pem");
        Files.writeString(certificateFile, certificate);
        Files.writeString(keyFile, key);
        return ServerCertificate.read(certificateFile, keyFile);
    }

    @Test
    void keys_are_read_in_the_forms_that_tools_write() throws IOException {
        read(RSA.certificatePem(), RSA.privateKeyPkcs8Pem());
        read(RSA.certificatePem(), RSA.privateKeyPkcs1Pem());
        read(EC.certificatePem(), EC.privateKeyPkcs8Pem());
        // A file with both, as some tools write it.
        read(EC.certificatePem(), "Some text\n" + EC.certificatePem() + EC.privateKeyPkcs8Pem());
        assertThat(PemKey.read(RSA.privateKeyPkcs1Pem()).getEncoded())
                .isEqualTo(RSA.keyPair().getPrivate().getEncoded());
    }

    @Test
    void an_elliptic_curve_key_of_sec_1_is_the_same_as_in_pkcs_8() {
        requireSame(SEC1, AS_PKCS8);
        requireSame(SEC1.substring(SEC1.indexOf("-----BEGIN EC PRIVATE")), AS_PKCS8);
        requireSame(SEC1_P384, P384_AS_PKCS8);
    }

    private static void requireSame(String sec1, String pkcs8) {
        ECPrivateKey read = (ECPrivateKey) PemKey.read(sec1);
        ECPrivateKey expected = (ECPrivateKey) PemKey.read(pkcs8);
        assertThat(read.getS()).isEqualTo(expected.getS());
        assertThat(read.getParams().getOrder()).isEqualTo(expected.getParams().getOrder());
    }

    @Test
    void an_ed25519_key_is_read() throws Exception {
        KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        String pem =
                "-----BEGIN PRIVATE KEY-----\n"
                        + Base64.getMimeEncoder().encodeToString(pair.getPrivate().getEncoded())
                        + "\n-----END PRIVATE KEY-----\n";
        assertThat(PemKey.read(pem)).isEqualTo(pair.getPrivate());
    }

    @Test
    void a_chain_has_the_servers_own_certificate_first() throws IOException {
        HeldCertificate root = new HeldCertificate.Builder().certificateAuthority(0).build();
        HeldCertificate leaf = new HeldCertificate.Builder().signedBy(root).build();
        String key = leaf.privateKeyPkcs8Pem();
        assertThat(read(leaf.certificatePem() + root.certificatePem(), key).expiry())
                .isEqualTo(leaf.certificate().getNotAfter().toInstant());
        assertThatThrownBy(() -> read(root.certificatePem() + leaf.certificatePem(), key))
                .hasMessageContaining("the server's own must come first");
    }

    @Test
    void what_cannot_be_used_is_named_without_the_key() throws IOException {
        String certificate = EC.certificatePem();
        String key = EC.privateKeyPkcs8Pem();
        refused(certificate, RSA.privateKeyPkcs8Pem(), "is not the key of the first certificate");
        refused(certificate, certificate, "has no private key");
        refused(key, key, "holds a private key");
        refused("", key, "has no certificate");
        refused(certificate, key.substring(0, key.length() / 2), "is cut short");
        refused(certificate.substring(0, certificate.length() / 2), key, "cannot be read");
        refused(
                certificate,
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
                "is encrypted");
        refused(
                certificate,
                "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n"
                        + "-----END RSA PRIVATE KEY-----\n",
                "is encrypted");
        for (String label : new String[] {"", "RSA ", "EC "}) {
            for (String content : new String[] {"", "AAAA", "MIGkAgEB", "MIL/////", "MHc="}) {
                refused(
                        certificate,
                        "-----BEGIN %sPRIVATE KEY-----\n%s\n-----END %sPRIVATE KEY-----\n"
                                .formatted(label, content, label),
                        "has a");
            }
        }
        assertThatThrownBy(() ->
                        ServerCertificate.read(
                                directory.resolve("none"), directory.resolve("none")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("there is no file");
    }

    private void refused(String certificate, String key, String message) {
        assertThatThrownBy(() -> read(certificate, key))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message)
                .hasMessageContaining(directory.toString());
    }
}
