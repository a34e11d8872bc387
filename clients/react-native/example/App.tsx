// Register, then log in, with a selfie: the mobile example as written but for the import.
import { useState } from 'react';
import { Pressable, StyleSheet, Text, View } from 'react-native';

import { CaptureHost, RnSmileId, type SelfsameError } from '../src';

export function App({ userId }: { readonly userId: string }) {
  const [said, setSaid] = useState('');

  async function run(jobType: number): Promise<void> {
    setSaid('…');
    const partnerParams = {
      "job_id": `job-${Date.now()}`,
      "user_id": userId,
    };
    const geoInfo = {
      accuracy: 12.5,
      altitude: 41,
      latitude: 6.5244,
      longitude: 3.3792,
      lastUpdate: new Date().toISOString(),
      isGeoPermissionGranted: true,
    };
    try {
      const tag = await RnSmileId.captureSelfie('login', {});
      const result = await RnSmileId.submitJob(
        tag,
        jobType,
        false,
        partnerParams,
        {}, // optional pass {} when not available
        geoInfo,
        '', // optional pass '' when not available
        0, // optional pass 0 when not available
      );
      setSaid(`${result.resultCode} ${result.resultText}`);
    } catch (e) {
      // handle errors
      const { kind, message } = e as SelfsameError;
      setSaid(`${kind}: ${message}`);
    }
  }

  return (
    <View style={styles.app}>
      <Button label="Register" onPress={() => void run(4)} />
      <Button label="Log in" onPress={() => void run(2)} />
      <Text testID="said" style={styles.said}>
        {said}
      </Text>
      <CaptureHost />
    </View>
  );
}

function Button({ label, onPress }: { readonly label: string; readonly onPress: () => void }) {
  return (
    <Pressable accessibilityRole="button" accessibilityLabel={label} onPress={onPress} style={styles.button}>
      <Text style={styles.label}>{label}</Text>
    </Pressable>
  );
}

const styles = StyleSheet.create({
  app: { flex: 1, alignItems: 'center', justifyContent: 'center', gap: 16, backgroundColor: '#ffffff' },
  button: { minWidth: 200, minHeight: 48, borderRadius: 24, alignItems: 'center', justifyContent: 'center', backgroundColor: '#1d4ed8' },
  label: { color: '#ffffff', fontSize: 18 },
  said: { fontSize: 16, minHeight: 48 },
});
