import { ChallengeError, SelfsameError } from '@selfsame/client';
import { useCallback, useEffect, useRef, useState } from 'react';
import { AccessibilityInfo, Image, Pressable, StyleSheet, Text, View } from 'react-native';

import type { PlatformCamera, Shutter } from '../camera/camera';
import { toBase64 } from '../files/base64';
import type { OpenRequest } from './desk';
import { CaptureGuide } from './CaptureGuide';
import type { Prompt } from './prompts';
import type { Captured, Pictures } from './request';
import { takeAll } from './series';

type Props = OpenRequest & { readonly camera: PlatformCamera };

/** The camera with a guide and a button; then a look at what was taken. */
export function CaptureScreen({ request, done, failed, rejected, camera }: Props) {
  const { texts } = request;
  const shutter = useRef<Shutter>(null);
  const [stage, setStage] = useState<'starting' | 'ready' | 'taking' | 'review'>('starting');
  const [allowed, setAllowed] = useState(false);
  const [prompt, setPrompt] = useState<Prompt>();
  const [late, setLate] = useState(false);
  const [taken, setTaken] = useState<Captured>();
  const [kept, setKept] = useState<readonly Uint8Array[]>([]);
  const face = request.subject === 'selfie' && request.challenge ? (late ? texts.timeUp : texts.thenTurn) : texts.faceInOval;
  const guide = request.subject === 'selfie' ? face : kept.length > 0 ? texts.cardBack : texts.cardFront;

  useEffect(() => {
    let left = false;
    camera.requestPermission().then(
      (granted) => {
        if (left) return;
        if (granted) setAllowed(true);
        else failed('denied');
      },
      (cause: unknown) => failed('camera_failed', cause),
    );
    return () => {
      left = true;
    };
  }, [camera, failed]);

  const onReady = useCallback(() => setStage((now) => (now === 'starting' ? 'ready' : now)), []);
  const take = async (): Promise<void> => {
    if (!shutter.current) return;
    setStage('taking');
    setPrompt(undefined);
    try {
      setTaken(await takeAll(shutter.current, request, setPrompt));
      setStage('review');
    } catch (cause) {
      if (cause instanceof ChallengeError && request.subject === 'selfie' && request.drawsAgain) {
        setLate(true);
        setStage('ready');
      } else if (cause instanceof SelfsameError) {
        rejected(cause);
      } else {
        failed('camera_failed', cause);
      }
    }
  };
  const retake = (): void => {
    setTaken(undefined);
    setStage('ready');
  };
  const use = (): void => {
    if (!taken) return;
    const all: Pictures = [...kept, ...taken.pictures] as unknown as Pictures;
    if (request.subject === 'id_card' && request.sides === 'both' && all.length === 1) {
      setKept(all);
      retake();
    } else {
      done({ ...taken, pictures: all });
    }
  };

  const said = { starting: texts.starting, ready: guide, taking: prompt ? texts[prompt.text] : guide, review: texts.review }[stage];
  // iOS has no live regions: there the hint is spoken by announcing it.
  useEffect(() => AccessibilityInfo.announceForAccessibility(said), [said]);
  return (
    <View style={styles.screen}>
      <View style={styles.picture}>
        {allowed && (
          <camera.View
            side={request.subject === 'selfie' ? 'front' : 'back'}
            shutter={shutter}
            unmirrored={request.subject === 'selfie' && request.challenge !== undefined}
            onReady={onReady}
            onFailure={failed}
          />
        )}
        {stage === 'review' && taken ? (
          <Image
            style={styles.review}
            resizeMode="contain"
            source={{ uri: `data:image/jpeg;base64,${toBase64(taken.pictures[0])}` }}
            accessibilityLabel={texts.review}
          />
        ) : (
          <CaptureGuide subject={request.subject} turn={stage === 'taking' ? prompt?.turn : undefined} />
        )}
      </View>
      <Text style={styles.hint} accessibilityLiveRegion="polite" testID="selfsame-hint">
        {said}
      </Text>
      <View style={styles.buttons}>
        {stage === 'review' ? (
          <>
            <Button label={texts.again} onPress={retake} />
            <Button label={texts.use} onPress={use} main />
          </>
        ) : (
          <>
            <Button label={texts.close} onPress={() => failed('dismissed')} />
            <Button label={texts.take} onPress={() => void take()} main disabled={stage !== 'ready'} />
          </>
        )}
      </View>
    </View>
  );
}

interface ButtonProps {
  readonly label: string;
  readonly onPress: () => void;
  readonly main?: boolean;
  readonly disabled?: boolean;
}

function Button({ label, onPress, main = false, disabled = false }: ButtonProps) {
  return (
    <Pressable
      accessibilityRole="button"
      accessibilityLabel={label}
      disabled={disabled}
      onPress={onPress}
      style={[styles.button, main && styles.main, disabled && styles.disabled]}
    >
      <Text style={[styles.label, main && styles.mainLabel]}>{label}</Text>
    </Pressable>
  );
}

const styles = StyleSheet.create({
  screen: { flex: 1, backgroundColor: '#111111' },
  picture: { flex: 1, overflow: 'hidden' },
  review: { ...StyleSheet.absoluteFillObject, backgroundColor: '#111111' },
  hint: { color: '#ffffff', fontSize: 18, textAlign: 'center', padding: 16, minHeight: 80 },
  buttons: { flexDirection: 'row', justifyContent: 'space-around', padding: 16, paddingBottom: 32 },
  button: { minWidth: 120, minHeight: 48, borderRadius: 24, alignItems: 'center', justifyContent: 'center', paddingHorizontal: 16 },
  main: { backgroundColor: '#ffffff' },
  disabled: { opacity: 0.4 },
  label: { color: '#ffffff', fontSize: 16 },
  mainLabel: { color: '#111111', fontWeight: '600' },
});
