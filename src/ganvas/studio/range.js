// The browser's own slider: it moves under hand and keys at once, and is heard by its name.
export default {
  props: ["modelValue", "min", "max", "step"],
  emits: ["update:modelValue"],
  template: `<input type="range" class="range" :min="min" :max="max" :step="step" :value="Number(modelValue)"
    @input="$emit('update:modelValue', Number($event.target.value))">`,
};
